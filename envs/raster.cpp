#include "envs/raster.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"

namespace planet {

// ---- Image

Image::Image(int w, int h) : width(w), height(h) {
  require(w >= 0 && h >= 0, "an image of ", w, " x ", h, " pixels");
  rgb.resize(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * 3);
}

Image::Image(int w, int h, std::span<const std::uint8_t> bytes) : Image(w, h) {
  require(bytes.size() == rgb.size(), "an image of ", w, " x ", h, " pixels has ", rgb.size(),
          " bytes, not ", bytes.size());
  std::copy(bytes.begin(), bytes.end(), rgb.begin());
}

std::span<std::uint8_t, 3> Image::at(int x, int y) {
  require(x >= 0 && x < width && y >= 0 && y < height, "pixel (", x, ", ", y,
          ") lies outside an image of ", width, " x ", height);
  const auto i =
      static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  return std::span<std::uint8_t, 3>(rgb.data() + 3 * i, 3);
}

std::span<const std::uint8_t, 3> Image::at(int x, int y) const {
  return const_cast<Image*>(this)->at(x, y);  // does not write
}

// ---- signed distances

namespace {

// Clamped to [0, 1]; std::clamp, which returns a reference, keeps a loop from becoming SIMD.
double to_unit(double v) {
  v = v > 0 ? v : 0;
  return v < 1 ? v : 1;
}

}  // namespace

double disc_distance(Vec2 p, Vec2 centre, double radius) {
  const double dx = p.x - centre.x, dy = p.y - centre.y;
  return std::sqrt(dx * dx + dy * dy) - radius;
}

// The distance to the nearest point of the segment, minus the radius.
double capsule_distance(Vec2 p, Vec2 from, Vec2 to, double radius) {
  const double ax = to.x - from.x, ay = to.y - from.y;
  const double length2 = std::max(ax * ax + ay * ay, 1e-300);  // not 0, even for a point
  const double along = (p.x - from.x) * ax + (p.y - from.y) * ay;
  const double t = to_unit(along / length2);
  return disc_distance(p, {from.x + t * ax, from.y + t * ay}, radius);
}

// Outside: the distance to the nearest side or corner. Inside: minus that to the nearest side.
double box_distance(Vec2 p, Vec2 centre, Vec2 half) {
  const double dx = std::abs(p.x - centre.x) - half.x, dy = std::abs(p.y - centre.y) - half.y;
  const double ox = std::max(dx, 0.0), oy = std::max(dy, 0.0);
  return std::sqrt(ox * ox + oy * oy) + std::min(std::max(dx, dy), 0.0);
}

double half_plane_distance(Vec2 p, Vec2 point, Vec2 outward) {
  return (p.x - point.x) * outward.x + (p.y - point.y) * outward.y;
}

// ---- Scene

void Scene::clear(Rgb ground) {
  ground_ = ground;
  count_ = 0;
}

void Scene::add(const Body& body) {
  require(count_ < capacity, "a scene holds at most ", capacity, " bodies");
  require(std::isfinite(body.a.x + body.a.y + body.b.x + body.b.y + body.radius),
          "a body of the scene has a measure that is not finite");
  bodies_[static_cast<std::size_t>(count_++)] = body;
}

void Scene::disc(Vec2 centre, double radius, Rgb color) {
  add({Kind::disc, centre, centre, radius, color});
}
void Scene::capsule(Vec2 from, Vec2 to, double radius, Rgb color) {
  add({Kind::capsule, from, to, radius, color});
}
void Scene::box(Vec2 centre, Vec2 half, Rgb color) { add({Kind::box, centre, half, 0, color}); }
void Scene::half_plane(Vec2 point, Vec2 outward, Rgb color) {
  add({Kind::half_plane, point, outward, 0, color});
}

// Rows [top, bottom) and columns [left, right) outside which the body's coverage is zero.
struct Scene::Window {
  int left, right, top, bottom;
  bool holds_row(int i) const { return i >= top && i < bottom; }
};

Scene::Window Scene::window(const Body& body, int n) const {
  if (body.kind == Kind::half_plane) return {0, n, 0, n};
  Vec2 low = body.a, high = body.a;
  if (body.kind == Kind::box) {
    low = {body.a.x - body.b.x, body.a.y - body.b.y};
    high = {body.a.x + body.b.x, body.a.y + body.b.y};
  } else {
    low = {std::min(body.a.x, body.b.x) - body.radius, std::min(body.a.y, body.b.y) - body.radius};
    high = {std::max(body.a.x, body.b.x) + body.radius, std::max(body.a.y, body.b.y) + body.radius};
  }
  // World to pixels, and one pixel more on every side for the soft edge.
  const double scale = n / camera_.width;
  const auto pixel = [&](double offset) {
    return static_cast<int>(std::clamp(std::floor(offset * scale + 0.5 * n), -1.0, n + 1.0));
  };
  const auto clip = [&](int k) { return std::clamp(k, 0, n); };
  return {clip(pixel(low.x - camera_.centre.x) - 1), clip(pixel(high.x - camera_.centre.x) + 2),
          clip(pixel(camera_.centre.y - high.y) - 1), clip(pixel(camera_.centre.y - low.y) + 2)};
}

// Part of one row in floating point: painted body by body, then converted to bytes. It is on the
// stack, and a body is evaluated only within its window.
struct Scene::Tile {
  static constexpr int width = 64;
  std::array<Rgb, width> colors;
  std::array<double, width> x;      // of the columns
  std::array<double, width> cover;  // of one body
  double y;                         // of the row
  int first, last;                  // columns [first, last)
  double pixels_per_unit;

  /// Blends a body in, given its signed distance from a point: first its coverage of every pixel,
  /// which the compiler vectorises, then the colours of the pixels that it touches.
  template <class Distance>
  void mix(const Window& window, const Rgb& color, Distance&& distance) {
    const auto begin = static_cast<std::size_t>(std::max(window.left - first, 0));
    const auto end = static_cast<std::size_t>(std::max(std::min(last, window.right) - first, 0));
    for (std::size_t j = begin; j < end; ++j)
      cover[j] = to_unit(0.5 - distance(Vec2{x[j], y}) * pixels_per_unit);
    for (std::size_t j = begin; j < end; ++j)
      if (cover[j] > 0)
        for (std::size_t q = 0; q < 3; ++q) colors[j][q] += cover[j] * (color[q] - colors[j][q]);
  }
};

void Scene::mix(const Body& body, const Window& window, Tile& tile) {
  switch (body.kind) {
    case Kind::disc:
      return tile.mix(window, body.color,
                      [&](Vec2 p) { return disc_distance(p, body.a, body.radius); });
    case Kind::capsule:
      return tile.mix(window, body.color,
                      [&](Vec2 p) { return capsule_distance(p, body.a, body.b, body.radius); });
    case Kind::box:
      return tile.mix(window, body.color, [&](Vec2 p) { return box_distance(p, body.a, body.b); });
    case Kind::half_plane:
      return tile.mix(window, body.color,
                      [&](Vec2 p) { return half_plane_distance(p, body.a, body.b); });
  }
}

void Scene::paint(int n, std::span<std::uint8_t> pixels) const {
  const auto side = static_cast<std::size_t>(n);
  require(n >= 1 && pixels.size() == side * side * 3, "a picture of ", n, " x ", n,
          " pixels does not fit into ", pixels.size(), " bytes");
  require(camera_.width > 0 && std::isfinite(camera_.width), "the camera's view is ", camera_.width,
          " wide");
  const auto bodies = static_cast<std::size_t>(count_);
  std::array<Window, capacity> windows;
  for (std::size_t k = 0; k < bodies; ++k) windows[k] = window(bodies_[k], n);

  // Strips of the picture, 64 columns wide, which at our sizes is all of it.
  Tile tile;
  tile.pixels_per_unit = n / camera_.width;
  for (tile.first = 0; tile.first < n; tile.first = tile.last) {
    tile.last = std::min(tile.first + Tile::width, n);
    const auto columns = static_cast<std::size_t>(tile.last - tile.first);
    for (std::size_t j = 0; j < columns; ++j)
      tile.x[j] =
          camera_.centre.x + ((tile.first + static_cast<int>(j) + 0.5) / n - 0.5) * camera_.width;
    for (int i = 0; i < n; ++i) {
      tile.y = camera_.centre.y - ((i + 0.5) / n - 0.5) * camera_.width;
      std::fill_n(tile.colors.begin(), columns, ground_);
      for (std::size_t k = 0; k < bodies; ++k)
        if (windows[k].holds_row(i)) mix(bodies_[k], windows[k], tile);
      std::uint8_t* out =
          &pixels[3 * (static_cast<std::size_t>(i) * side + static_cast<std::size_t>(tile.first))];
      for (std::size_t j = 0; j < columns; ++j)
        for (const double channel : tile.colors[j])  // never negative: as floor(x + 0.5)
          *out++ = static_cast<std::uint8_t>(255 * channel + 0.5);
    }
  }
}

}  // namespace planet
