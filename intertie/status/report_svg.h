// Svg: builds one picture for a page, element by element; every element is closed, every text escaped. Colours come from the
// page's style by class, so that the same picture serves light, dark and print. One thread.
//
//   Svg svg({480, 280}, "loss against tokens");
//   svg.text({.x = 10, .y = 20, .text = name, .css = "label"});
//   page += svg.done();
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intertie/status/report_series.h"

namespace intertie::status {

struct PictureSize {
  double width = 0, height = 0;
};

struct SvgText {
  double x = 0, y = 0;
  std::string text;
  std::string_view css;
  std::string_view anchor = "start";  // middle, end
};

struct SvgBox {
  double x = 0, y = 0, width = 0, height = 0;
  std::string_view css;
  std::string tip;  // shown on hover; empty: none
};

class Svg {
 public:
  // `meaning` is what is read to those who do not see it.
  Svg(PictureSize size, std::string_view meaning);

  void text(const SvgText& text);
  void line(Point from, Point to, std::string_view css);
  void polyline(const std::vector<Point>& points, std::string_view css);
  void box(const SvgBox& box);
  // Many boxes of one colour as one element.
  void boxes(const std::vector<SvgBox>& all, std::string_view css);
  void dot(Point at, double radius, std::string_view css, std::string_view tip);
  // What follows, up to end_group(), takes the class's colour.
  void begin_group(std::string_view css);
  void end_group();

  std::string done() &&;

 private:
  std::string out_;
};

// How wide a text of the pictures' size is, roughly and rather too much.
double text_width(std::string_view text);
// The text, or its beginning with an ellipsis, within `width`.
std::string fitted(const std::string& text, double width);

}  // namespace intertie::status
