// Kinematics: position, velocity and velocity-dependent acceleration of every body.
//
// One pass from the root to the leaves. The accelerations are those for qdd = 0: centripetal and
// Coriolis terms, which with the mass matrix give the bias force (dynamics.hpp).
#pragma once

#include "envs/planar/model.hpp"

namespace planet::planar {

inline Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.z + b.z}; }
inline Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.z - b.z}; }
inline Vec operator*(double s, Vec a) { return {s * a.x, s * a.z}; }
inline double dot(Vec a, Vec b) { return a.x * b.x + a.z * b.z; }
/// w y^ x r, the velocity of a point at r under the rate w about +y.
inline Vec turned(double w, Vec r) { return {w * r.z, -w * r.x}; }

/// A body's frame in the world.
struct Frame {
  Vec origin, velocity, bias;  // bias: the origin's acceleration for qdd = 0
  double angle = 0, sin = 0, cos = 1, rate = 0;

  Vec rotate(Vec local) const {
    return {cos * local.x + sin * local.z, -sin * local.x + cos * local.z};
  }
  Vec point(Vec local) const { return origin + rotate(local); }
  Vec velocity_of(Vec world_point) const { return velocity + turned(rate, world_point - origin); }
};

struct Kinematics {
  Frame frame[max_bodies];
  Vec com[max_bodies], com_velocity[max_bodies], com_bias[max_bodies];
  Vec axis[max_dofs];  // a slide's direction or a hinge's anchor, in the world

  void update(const Model& model, const Vector& q, const Vector& v);

  /// The velocity of a point of body `link` for dof j at rate 1: a column of its Jacobian. j must
  /// be in the link's chain.
  Vec column(const Model& model, int j, Vec world_point) const {
    const Model::Dof& dof = model.dof[j];
    return dof.slide ? axis[j] : turned(dof.sign, world_point - axis[j]);
  }
};

}  // namespace planet::planar
