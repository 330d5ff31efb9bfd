#include "intertie/checkpoint/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "intertie/env/sim/memory_disk.h"

namespace intertie::checkpoint {
namespace {

using env::sim::MemoryDisk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using FileBytes = std::vector<std::byte>;

// A file with this header and `num_data` bytes of data, well formed or not.
FileBytes file_of(std::string_view header, std::size_t num_data, std::int64_t stated_length = -1) {
  const std::uint64_t length = stated_length < 0 ? header.size() : static_cast<std::uint64_t>(stated_length);
  FileBytes bytes(8 + header.size() + num_data);
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

template <class T>
Tensor tensor(std::string name, std::string dtype, const std::vector<T>& values) {
  return {.name = std::move(name),
          .dtype = std::move(dtype),
          .shape = {static_cast<std::int64_t>(values.size())},
          .bytes = std::as_bytes(std::span(values))};
}

// The very bytes, so that the format cannot change unseen. Python's safetensors 0.8.0 reads this file as
// {"a": float32 [1, -2], "b": uint8 [7, 8, 9]} with metadata {"site": "ashburn"}.
TEST(Safetensors, GoldenBytes) {
  const std::vector<std::uint8_t> b = {7, 8, 9};
  const std::vector<float> a = {1, -2};
  MemoryDisk disk;
  const auto written =
      write_safetensors(disk, "f", std::vector{tensor("b", "U8", b), tensor("a", "F32", a)}, {{"site", "ashburn"}});
  ASSERT_TRUE(written) << written.error().message();
  const std::string header = R"({"__metadata__":{"site":"ashburn"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                             R"("b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";
  FileBytes expected = file_of(header + std::string(3, ' '), 0);
  ASSERT_EQ(expected.size() % 8, 0U) << "the data is aligned";
  for (const int byte : {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7, 8, 9}) expected.push_back(static_cast<std::byte>(byte));
  EXPECT_EQ(*disk.read("f"), expected);
  EXPECT_EQ(written->size, expected.size());
  EXPECT_EQ(written->hash, hash_bytes(expected));
}

TEST(Safetensors, ReadsWhatItWrote) {
  const std::vector<float> weights = {1, 2, 3, 4, 5, 6};
  const std::vector<std::uint64_t> cursor = {UINT64_MAX};
  const std::vector<std::uint8_t> empty, state = {1, 2, 3};
  Tensor matrix = tensor("transformer.h.0.\"w\"", "F32", weights);
  matrix.shape = {2, 3};
  Tensor scalar = tensor("cursor", "U64", cursor);
  scalar.shape = {};
  MemoryDisk disk;
  ASSERT_TRUE(write_safetensors(disk, "f",
                                std::vector{tensor("state", "U8", state), matrix, tensor("none", "U8", empty), scalar},
                                {{"key", "line\nbreak"}, {"", "empty"}}));
  const auto file = SafetensorsFile::open(disk, "f");
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_EQ(file->tensors().size(), 4U);
  EXPECT_EQ(file->metadata().at("key"), "line\nbreak");
  const Tensor* found = file->find("transformer.h.0.\"w\"");
  ASSERT_NE(found, nullptr);
  EXPECT_THAT(found->shape, ElementsAre(2, 3));
  EXPECT_EQ(std::memcmp(found->bytes.data(), weights.data(), 24), 0);
  EXPECT_EQ((found->bytes.data() - file->file_bytes().data()) % 4, 0) << "elements are aligned in the file";
  EXPECT_TRUE(file->find("cursor")->shape.empty());
  EXPECT_TRUE(file->find("none")->bytes.empty());
  EXPECT_EQ(file->find("absent"), nullptr);
}

TEST(Safetensors, AcceptsWhatTheFormatAllows) {
  for (const auto& [header, num_data] : std::vector<std::pair<const char*, std::size_t>>{
           {"{}", 0},
           {"{}      ", 0},
           {R"({"a":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}})", 8},
           {R"({"z":{"data_offsets":[4,6],"dtype":"BOOL","shape":[2]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})",
            6},
           {R"({"e":{"dtype":"F64","shape":[0,5],"data_offsets":[0,0]},"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}})",
            1},
       }) {
    const auto bytes = file_of(header, num_data);
    const auto content = parse_safetensors(bytes);
    EXPECT_TRUE(content) << header << ": " << content.error().message();
  }
}

TEST(Safetensors, RefusesBrokenFiles) {
  struct Row {
    const char* header;
    std::size_t num_data;
    const char* what;
  };
  const std::vector<Row> table = {
      {"", 0, "no object at its start"},
      {"[]", 0, "no object at its start"},
      {" {}", 0, "no object at its start"},
      {"{", 0, "no valid JSON"},
      {"{} x", 0, "no valid JSON"},
      {"{\"a\xff\":1}", 0, "no valid JSON"},
      {"{}", 1, "bytes that belong to no tensor"},
      {R"({"a":1})", 0, "a number that has no place there"},
      {R"({"a":[]})", 0, "an array that has no place there"},
      {R"({"a":"x"})", 0, "text that has no place there"},
      {R"({"a":null})", 0, "null"},
      {R"({"a":{}})", 0, "without dtype, shape or data_offsets"},
      {R"({"a":{"dtype":"U8","shape":[1]}})", 1, "without dtype, shape or data_offsets"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", 1, "without dtype, shape or data_offsets"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", 1, "a number that has no place there"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}})", 1, "a number that has no place there"},
      {R"({"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}})", 1, "an array that has no place there"},
      {R"({"a":{"dtype":{"x":1},"shape":[1],"data_offsets":[0,1]}})", 1, "an object that has no place there"},
      {R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1, "a negative number"},
      {R"({"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})", 1, "not whole"},
      {R"({"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}})", 1, "true or false"},
      {R"({"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}})", 1, "a dimension out of range"},
      {R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1, "a field twice"},
      {R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0,
       "a name twice"},
      {R"({"__metadata__":{"x":1}})", 0, "a number that has no place there"},
      {R"({"__metadata__":{"x":{}}})", 0, "an object that has no place there"},
      {R"({"__metadata__":{"x":"1","x":"2"}})", 0, "a metadata key twice"},
      {R"({"a":{"dtype":"F3","shape":[1],"data_offsets":[0,1]}})", 1, "unknown type"},
      {R"({"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0, "impossible shape"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}})", 3, "another size than its shape"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 3, "cut off"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}})", 3, "cut off"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2, "a gap or an overlap"},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", 3,
       "a gap or an overlap"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})", 3,
       "a gap or an overlap"},
  };
  for (const Row& row : table) {
    const auto bytes = file_of(row.header, row.num_data);
    const auto content = parse_safetensors(bytes);
    ASSERT_FALSE(content) << row.header;
    EXPECT_THAT(content.error().what, HasSubstr(row.what)) << row.header;
    EXPECT_EQ(content.error().code, ErrorCode::reconfigure);
  }
}

TEST(Safetensors, ChecksLengthsBeforeAnythingElse) {
  const auto refused = [](const FileBytes& bytes) { return !parse_safetensors(bytes); };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused(FileBytes(7)));
  EXPECT_TRUE(refused(file_of("{}", 0, 3))) << "longer than the file";
  EXPECT_TRUE(refused(file_of("{}", 0, INT64_MAX)));
  EXPECT_TRUE(refused(file_of("{}", 100'000'010, 100'000'001))) << "longer than the format allows";
  const std::string deep(50'000, '[');
  EXPECT_TRUE(refused(file_of("{\"a\":" + deep, 0)));
  std::string wide = R"({"a":{"dtype":"U8","shape":[1)";
  for (int i = 0; i < 64; ++i) wide += ",1";
  EXPECT_TRUE(refused(file_of(wide + R"(],"data_offsets":[0,1]}})", 1))) << "65 dimensions";
}

TEST(Safetensors, AnErrorNamesTheFile) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.write_atomically("broken", FileBytes(3)));
  EXPECT_EQ(SafetensorsFile::open(disk, "broken").error().message(), "broken: too short for a safetensors file");
  EXPECT_EQ(SafetensorsFile::open(disk, "absent").error().where, "absent");
  EXPECT_EQ(write_safetensors(disk, "no/folder", {}, {}).error().where, "no/folder");
}

TEST(SafetensorsDeathTest, TensorsMustBeWhatTheySay) {
  const std::vector<float> two = {1, 2};
  Tensor wrong_shape = tensor("a", "F32", two);
  wrong_shape.shape = {3};
  MemoryDisk disk;
  const auto write = [&](const std::vector<Tensor>& tensors) { static_cast<void>(write_safetensors(disk, "f", tensors, {})); };
  EXPECT_DEATH(write({wrong_shape}), "num_bytes");
  EXPECT_DEATH(write({tensor("a", "F32", two), tensor("a", "F32", two)}), "names");
}

}  // namespace
}  // namespace intertie::checkpoint
