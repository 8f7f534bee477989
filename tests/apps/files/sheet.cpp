// Contact sheets: where pictures and letters land.
#include "apps/common/files/sheet.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/base/error.hpp"

using namespace planet;

namespace {

Image plain(int w, int h, std::uint8_t value) {
  Image image(w, h);
  std::fill(image.rgb.begin(), image.rgb.end(), value);
  return image;
}

int lit(const Image& image) {
  return static_cast<int>(
      std::count_if(image.rgb.begin(), image.rgb.end(), [](std::uint8_t v) { return v != 0; }));
}

}  // namespace

TEST_CASE("enlarging repeats every pixel") {
  Image image(2, 1);
  image.at(0, 0)[0] = 10;
  image.at(1, 0)[2] = 20;
  const Image big = enlarge(image, 3);
  CHECK(big.width == 6);
  CHECK(big.height == 3);
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 6; ++x) {
      CHECK(big.at(x, y)[0] == (x < 3 ? 10 : 0));
      CHECK(big.at(x, y)[2] == (x < 3 ? 0 : 20));
    }
  CHECK_THROWS_AS(enlarge(image, 0), Error);
  CHECK_THROWS_AS(enlarge(image, 65), Error);
}

TEST_CASE("pasting cuts off what lies outside") {
  Image to(4, 4);
  paste(plain(3, 3, 9), to, 2, -1);
  CHECK(lit(to) == 2 * 2 * 3);
  CHECK(to.at(2, 0)[0] == 9);
  CHECK(to.at(3, 1)[0] == 9);
  CHECK(to.at(1, 0)[0] == 0);
  paste(plain(3, 3, 9), to, 40, 40);  // nothing
  CHECK(lit(to) == 2 * 2 * 3);
}

TEST_CASE("a border lies on the edge of the picture") {
  Image image(5, 4);
  draw_border(image, {0, 1, 0});
  CHECK(lit(image) == 2 * 5 + 2 * 2);
  CHECK(image.at(2, 1)[1] == 0);
  CHECK(image.at(4, 3)[1] == 255);
}

TEST_CASE("text is drawn where it is asked for and grows with its scale") {
  Image image(80, 12), twice(160, 24);
  draw_text(image, 2, 1, "t = 7");
  draw_text(twice, 4, 2, "t = 7", palette::lamp, 2);
  CHECK(lit(image) > 30);
  CHECK(twice == enlarge(image, 2));
  CHECK(text_width("t = 7", 2) == 2 * text_width("t = 7"));
  for (int x = 0; x < 2; ++x)
    for (int y = 0; y < 12; ++y) CHECK(image.at(x, y)[0] == 0);
  Image nothing(80, 12);
  draw_text(nothing, 2, 1, "   ");
  CHECK(lit(nothing) == 0);
}

TEST_CASE("every printable letter but the blank is drawn and no other byte is read as one") {
  for (char c = '!'; c <= '~'; ++c) {
    Image image(12, 14);
    draw_text(image, 0, 0, std::string(1, c));
    CAPTURE(c);
    CHECK(lit(image) > 0);
  }
  Image question(12, 14), other(12, 14);
  draw_text(question, 0, 0, "?");
  for (int c = 1; c < 256; ++c) {
    if (c >= ' ' && c <= '~') continue;
    other = Image(12, 14);
    draw_text(other, 0, 0, std::string(1, static_cast<char>(c)));
    CHECK(other == question);
  }
  Image clipped(4, 4);
  CHECK_NOTHROW(draw_text(clipped, -3, -3, "a long text that does not fit"));
}

TEST_CASE("a contact sheet places each picture in its row and column") {
  const std::vector<SheetRow> rows{{"true", {plain(2, 2, 50), plain(2, 2, 60)}},
                                   {"model", {plain(2, 2, 70)}}};
  SheetOptions options;
  options.scale = 10;
  options.gap = 3;
  options.title = "a title";
  options.columns = {"0", "1"};
  const Image sheet = contact_sheet(rows, options);
  const int left = 4 + std::max(text_width("true"), text_width("model")) + 4;
  const int top = 4 + 12 + 12;
  const auto solid = [&](int x, int y, int value) {
    for (int i = 0; i < 20; ++i)
      for (int j = 0; j < 20; ++j) CHECK(sheet.at(x + j, y + i)[1] == value);
    CHECK(sheet.at(x - 1, y)[1] != value);
    CHECK(sheet.at(x, y - 1)[1] != value);
    CHECK(sheet.at(x + 20, y)[1] != value);
    CHECK(sheet.at(x, y + 20)[1] != value);
  };
  solid(left, top, 50);
  solid(left + 23, top, 60);
  solid(left, top + 23, 70);
  CHECK(sheet.width == left + 2 * 20 + 3 + 4);
  CHECK(sheet.height == top + 2 * 20 + 3 + 4);
}

TEST_CASE("a contact sheet refuses what it cannot draw") {
  CHECK_THROWS_AS(contact_sheet({}), Error);
  const std::vector<SheetRow> empty{{"row", {}}};
  CHECK_THROWS_AS(contact_sheet(empty), Error);
  const std::vector<SheetRow> one{{"row", {Image(400, 1)}}};
  SheetOptions options;
  options.scale = 60;
  CHECK_THROWS_AS(contact_sheet(one, options), Error);
  options.scale = 0;
  CHECK_THROWS_AS(contact_sheet(one, options), Error);
}
