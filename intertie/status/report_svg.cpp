#include "intertie/status/report_svg.h"

#include <fmt/format.h>

#include "intertie/status/figures.h"

namespace intertie::status {
namespace {

std::string title_of(std::string_view tip) { return tip.empty() ? "" : fmt::format("<title>{}</title>", escaped(tip)); }

// "12.3", without a trailing ".0": coordinates are most of a page.
std::string coordinate(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80; }

}  // namespace

Svg::Svg(PictureSize size, std::string_view meaning)
    : out_(fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n", size.width, size.height,
                       escaped(meaning))) {}

void Svg::text(const SvgText& text) {
  const std::string anchor = text.anchor == "start" ? "" : fmt::format(" text-anchor=\"{}\"", text.anchor);
  out_ += fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\"{}>{}</text>\n", coordinate(text.x), coordinate(text.y), text.css,
                      anchor, escaped(text.text));
}

void Svg::line(Point from, Point to, std::string_view css) {
  out_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", coordinate(from.x), coordinate(from.y),
                      coordinate(to.x), coordinate(to.y), css);
}

void Svg::polyline(const std::vector<Point>& points, std::string_view css) {
  if (points.size() == 1) return dot(points.front(), 2, "dot", "");
  out_ += "<polyline points=\"";
  for (const Point& point : points) out_ += coordinate(point.x) + "," + coordinate(point.y) + " ";
  if (!points.empty()) out_.pop_back();
  out_ += fmt::format("\" class=\"{}\"/>\n", css);
}

void Svg::box(const SvgBox& box) {
  out_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\"", coordinate(box.x), coordinate(box.y),
                      coordinate(box.width), coordinate(box.height), box.css);
  out_ += box.tip.empty() ? "/>\n" : fmt::format(">{}</rect>\n", title_of(box.tip));
}

void Svg::boxes(const std::vector<SvgBox>& all, std::string_view css) {
  if (all.empty()) return;
  out_ += fmt::format("<path class=\"{}\" d=\"", css);
  for (const SvgBox& box : all) {
    out_ += fmt::format("M{} {}h{}v{}h-{}z", coordinate(box.x), coordinate(box.y), coordinate(box.width),
                        coordinate(box.height), coordinate(box.width));
  }
  out_ += "\"/>\n";
}

void Svg::dot(Point at, double radius, std::string_view css, std::string_view tip) {
  out_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"{}\"", coordinate(at.x), coordinate(at.y),
                      coordinate(radius), css);
  out_ += tip.empty() ? "/>\n" : fmt::format(">{}</circle>\n", title_of(tip));
}

void Svg::begin_group(std::string_view css) { out_ += fmt::format("<g class=\"{}\">\n", css); }

void Svg::end_group() { out_ += "</g>\n"; }

std::string Svg::done() && { return std::move(out_) + "</svg>\n"; }

double text_width(std::string_view text) {
  std::size_t characters = 0;
  for (const char byte : text) characters += continues(byte) ? 0 : 1;
  return 6.9 * static_cast<double>(characters);
}

std::string fitted(const std::string& text, double width) {
  if (text_width(text) <= width) return text;
  std::string cut = text;
  while (!cut.empty() && text_width(cut) + 6.9 > width) {
    while (!cut.empty() && continues(cut.back())) cut.pop_back();
    if (!cut.empty()) cut.pop_back();
  }
  return cut + "\xe2\x80\xa6";
}

}  // namespace intertie::status
