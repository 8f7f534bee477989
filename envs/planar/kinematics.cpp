#include "envs/planar/kinematics.hpp"

#include <cmath>

namespace planet::planar {
namespace {

void slide(const Model::Dof& dof, double q, double v, Frame& f, Vec& axis) {
  axis = f.rotate(dof.direction);
  const Vec r = (q - dof.ref) * axis;
  f.origin = f.origin + r;
  f.bias = f.bias + turned(2 * f.rate * v, axis) - f.rate * f.rate * r;
  f.velocity = f.velocity + turned(f.rate, r) + v * axis;
}

// The anchor moves with the parent; the body then turns about it.
void hinge(const Model::Dof& dof, double q, double v, Frame& f, Vec& axis) {
  const Vec to_anchor = f.rotate(dof.anchor);
  axis = f.origin + to_anchor;
  const Vec velocity = f.velocity + turned(f.rate, to_anchor);
  const Vec bias = f.bias - f.rate * f.rate * to_anchor;
  f.angle += dof.sign * (q - dof.ref);
  f.rate += dof.sign * v;
  f.sin = std::sin(f.angle);
  f.cos = std::cos(f.angle);
  const Vec back = -1 * f.rotate(dof.anchor);
  f.origin = axis + back;
  f.velocity = velocity + turned(f.rate, back);
  f.bias = bias - f.rate * f.rate * back;
}

}  // namespace

void Kinematics::update(const Model& model, const Vector& q, const Vector& v) {
  for (int b = 0; b < model.links; ++b) {
    const Model::Link& link = model.link[b];
    Frame f = link.parent == world ? Frame{} : frame[link.parent];
    const Vec offset = f.rotate(link.pos);
    f.origin = f.origin + offset;
    f.velocity = f.velocity + turned(f.rate, offset);
    f.bias = f.bias - f.rate * f.rate * offset;
    for (int j = link.first; j < link.last; ++j) {
      const Model::Dof& dof = model.dof[j];
      if (dof.slide) slide(dof, q[j], v[j], f, axis[j]);
      else hinge(dof, q[j], v[j], f, axis[j]);
    }
    const Vec r = f.rotate(link.com);
    com[b] = f.origin + r;
    com_velocity[b] = f.velocity + turned(f.rate, r);
    com_bias[b] = f.bias - f.rate * f.rate * r;
    frame[b] = f;
  }
}

}  // namespace planet::planar
