#include "envs/planar/contact.hpp"

#include <algorithm>
#include <cmath>

namespace planet::planar {
namespace {

constexpr double tiny = 1e-15;  // MuJoCo's mjMINVAL: decides which contacts count as crossed

struct Placed {
  Vec middle, half;
};

double clip(double x) { return std::clamp(x, -1.0, 1.0); }

void meet_ground(const Model::Solid& solid, Vec centre, Contacts& out) {
  const double distance = centre.z - solid.radius;
  if (distance >= 0) return;
  out.list[out.count++] = {world,  solid.link, {centre.x, centre.z - solid.radius - distance / 2},
                           {0, 1}, distance,   solid.ground_friction,
                           false};
}

void meet(const Model::Solid& a, const Placed& pa, const Model::Solid& b, const Placed& pb,
          double friction, Contacts& out) {
  const Vec apart = pb.middle - pa.middle;
  const double reach = a.reach + b.reach;
  if (dot(apart, apart) > reach * reach) return;
  const Nearest at = nearest(pa.middle, pa.half, pb.middle, pb.half);
  const Vec p = pa.middle + at.first * pa.half, q = pb.middle + at.second * pb.half;
  const Vec pq = q - p;
  const double length = std::sqrt(dot(pq, pq));
  const double distance = length - a.radius - b.radius;
  if (distance >= 0) return;
  if (length < tiny) {
    out.list[out.count++] = {a.link, b.link, p, {0, 0}, distance, friction, true};
    return;
  }
  const Vec normal = (1 / length) * pq;
  out.list[out.count++] = {
      a.link, b.link, p + (a.radius + distance / 2) * normal, normal, distance, friction, false};
}

}  // namespace

// The nearest points of the two lines, clamped to the segments; nearly parallel capsules touch at
// the point nearest to the middle of the first.
Nearest nearest(Vec middle1, Vec half1, Vec middle2, Vec half2) {
  const Vec dif = middle1 - middle2;
  const double a = dot(half1, half1), b = -dot(half1, half2), c = dot(half2, half2);
  const double u = -dot(half1, dif), v = dot(half2, dif);
  if (a < tiny) return {0, c < tiny ? 0 : clip(v / c)};
  if (c < tiny) return {clip(u / a), 0};
  const double det = a * c - b * b;
  double x1 = 0, x2 = v / c;
  if (std::abs(det) >= tiny) {
    x1 = (c * u - b * v) / det;
    x2 = (a * v - b * u) / det;
  }
  if (x1 > 1) x1 = 1, x2 = (v - b) / c;
  else if (x1 < -1) x1 = -1, x2 = (v + b) / c;
  if (x2 > 1) x2 = 1, x1 = clip((u - b) / a);
  else if (x2 < -1) x2 = -1, x1 = clip((u + b) / a);
  return {x1, x2};
}

void find_contacts(const Model& model, const Kinematics& kin, Contacts& out) {
  out.count = 0;
  Placed placed[max_geoms];
  for (int i = 0; i < model.solids; ++i) {
    const Model::Solid& solid = model.solid[i];
    const Frame& frame = kin.frame[solid.link];
    const Vec from = frame.point(solid.from);
    const Vec to = solid.point ? from : frame.point(solid.to);
    placed[i] = {0.5 * (from + to), 0.5 * (to - from)};
    if (solid.meets_ground) {
      meet_ground(solid, from, out);
      if (!solid.point) meet_ground(solid, to, out);
    }
  }
  for (int k = 0; k < model.pairs; ++k) {
    const Model::Pair& pair = model.pair[k];
    meet(model.solid[pair.first], placed[pair.first], model.solid[pair.second], placed[pair.second],
         pair.friction, out);
  }
}

}  // namespace planet::planar
