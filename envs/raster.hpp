// Pictures: flat shapes on a flat background, with soft edges from signed distances.
//
// A signed distance is that of a point outside a body (negative: inside). Colours blend within half
// a pixel on either side of an edge, so a motion of a tenth of a pixel still changes bytes, and a
// model can see slow motion at 32 x 32. Next: task.hpp, which fills a Scene.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace planet {

/// Bytes [height, width, 3]: rows from the top, RGB within a pixel.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;

  Image() = default;
  Image(int width, int height);  // black
  Image(int width, int height, std::span<const std::uint8_t> bytes);
  std::span<std::uint8_t, 3> at(int x, int y);
  std::span<const std::uint8_t, 3> at(int x, int y) const;
  bool operator==(const Image&) const = default;
};

/// Red, green, blue in [0, 1].
using Rgb = std::array<double, 3>;

/// Colours that must be distinguished differ by at least 0.5 in some channel.
namespace palette {
inline constexpr Rgb ground{0.10, 0.11, 0.18};
inline constexpr Rgb floor{0.30, 0.33, 0.45};
inline constexpr Rgb stripe{0.20, 0.22, 0.32};
inline constexpr Rgb rail{0.38, 0.42, 0.56};  // also hubs and walls
inline constexpr Rgb screen{0.45, 0.48, 0.60};
inline constexpr Rgb body{0.95, 0.55, 0.20};
inline constexpr Rgb far_leg{0.55, 0.30, 0.10};
inline constexpr Rgb tip{1.00, 0.90, 0.25};  // also balls
inline constexpr Rgb goal{0.20, 0.80, 0.45};
inline constexpr Rgb agent{0.25, 0.65, 1.00};
inline constexpr Rgb opponent{0.95, 0.25, 0.30};
inline constexpr Rgb lamp{1.00, 1.00, 1.00};
}  // namespace palette

struct Vec2 {
  double x = 0;
  double y = 0;
};

/// The square of the world that the picture shows, in world units; y points up.
struct Camera {
  Vec2 centre;
  double width = 1;
};

/// Signed distances from p, in world units.
double disc_distance(Vec2 p, Vec2 centre, double radius);
double capsule_distance(Vec2 p, Vec2 from, Vec2 to, double radius);
double box_distance(Vec2 p, Vec2 centre, Vec2 half);
double half_plane_distance(Vec2 p, Vec2 point, Vec2 outward);  // outward: a unit normal

/// A list of bodies, painted in the order in which they were added. Allocates no memory.
class Scene {
 public:
  static constexpr int capacity = 64;

  void clear(Rgb ground = palette::ground);
  void look_at(Vec2 centre, double width) { camera_ = {centre, width}; }
  const Camera& camera() const { return camera_; }

  // Error: more bodies than `capacity`, or a measure that is not finite.
  void disc(Vec2 centre, double radius, Rgb color);
  void capsule(Vec2 from, Vec2 to, double radius, Rgb color);
  void box(Vec2 centre, Vec2 half, Rgb color);
  void half_plane(Vec2 point, Vec2 outward, Rgb color);

  /// Paints n x n pixels into n*n*3 bytes. Pixel (row i, column j) is evaluated at its centre,
  ///   x = c_x + ((j + 0.5)/n - 0.5) W,   y = c_y - ((i + 0.5)/n - 0.5) W,
  /// its coverage by a body is clamp(0.5 - distance * n/W, 0, 1), and a byte is floor(255 c + 0.5).
  void paint(int n, std::span<std::uint8_t> pixels) const;

 private:
  enum class Kind : std::uint8_t { disc, capsule, box, half_plane };
  struct Body {
    Kind kind;
    Vec2 a, b;      // centre | from, to | centre, half | point, outward
    double radius;  // disc and capsule
    Rgb color;
  };
  struct Window;  // the pixels a body can touch
  struct Tile;    // some pixels of a row
  void add(const Body& body);
  static void mix(const Body& body, const Window& window, Tile& tile);
  Window window(const Body& body, int n) const;

  Camera camera_;
  Rgb ground_ = palette::ground;
  int count_ = 0;
  std::array<Body, capacity> bodies_{};
};

}  // namespace planet
