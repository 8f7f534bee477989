#include "envs/planar/constraint.hpp"

#include <algorithm>
#include <cmath>

#include "envs/physics.hpp"

namespace planet::planar {
namespace {

using Kind = Constraint::Kind;

void add_row(const Model& model, const Kinematics& kin, int link, Vec point, Vec direction,
             Vector& row) {
  if (link == world) return;
  const Model::Link& body = model.link[link];
  for (int k = 0; k < body.chain_size; ++k) {
    const int j = body.chain[k];
    row[j] += dot(direction, kin.column(model, j, point));
  }
}

// The reference acceleration of a constraint with this impedance, a_ref = -B v - K d r, critically
// damped with the model's time constant, and its regulariser R for an inverse weight of 1.
struct Softness {
  double B, K_d, R;
  Softness(const Model& model, const Impedance& shape, double r) {
    const double d = impedance(shape, r), tc = model.time_constant;
    const double d1 = std::clamp(shape.d1, 0.0001, 0.9999);
    B = 2 / (d1 * tc);
    K_d = d / (d1 * d1 * tc * tc);
    R = (1 - d) / d;
  }
};

Constraint& append(Constraints& out, Kind kind, int n) {
  Constraint& c = out.list[out.count++];
  c.kind = kind;
  std::fill_n(c.n, n, 0.0);
  std::fill_n(c.t, n, 0.0);
  c.ref_n = c.ref_t = c.mu = c.push = 0;
  return c;
}

void add_dry_friction(const Model& model, int j, double v, Constraints& out) {
  const Model::Dof& dof = model.dof[j];
  const Softness soft(model, Impedance{}, 0);
  Constraint& c = append(out, Kind::dry_friction, model.dofs);
  c.n[j] = 1;
  c.ref_n = -soft.B * v;
  c.D = 1 / (soft.R * dof.inverse_weight);
  c.mu = dof.frictionloss;
}

// side +1: the lower limit pushes up; -1: the upper one down.
void add_limit(const Model& model, int j, double side, double passed, double v, Constraints& out) {
  const Model::Dof& dof = model.dof[j];
  const Softness soft(model, dof.limit, passed);
  Constraint& c = append(out, Kind::one_sided, model.dofs);
  c.n[j] = side;
  c.ref_n = -soft.B * side * v + soft.K_d * passed;
  c.D = 1 / (soft.R * dof.inverse_weight);
}

void add_rope(const Model& model, const Kinematics& kin, const Model::Tether& rope, const Vector& v,
              Constraints& out) {
  Vector row;
  const double passed = rope_row(model, kin, rope, row) - rope.length;
  if (passed <= 0) return;
  const Softness soft(model, Impedance{}, passed);
  Constraint& c = append(out, Kind::one_sided, model.dofs);
  for (int j = 0; j < model.dofs; ++j) c.n[j] = -row[j];
  c.ref_n = -soft.B * dot(c.n, v, model.dofs) + soft.K_d * passed;
  c.D = 1 / (soft.R * rope.inverse_weight);
}

void add_contact(const Model& model, const Kinematics& kin, const Contact& contact, const Vector& v,
                 Constraints& out) {
  const int n = model.dofs;
  const Softness soft(model, model.contact, -contact.distance);
  const Kind kind = contact.friction == 0          ? Kind::one_sided
                    : contact.crossed              ? Kind::crossed
                    : model.cone == Cone::elliptic ? Kind::ellipse
                                                   : Kind::pyramid;
  Constraint& c = append(out, kind, n);
  const Vec normal = kind == Kind::crossed ? Vec{1, 0} : contact.normal;
  const Vec tangent{normal.z, -normal.x};
  add_row(model, kin, contact.first, contact.point, -1 * normal, c.n);
  add_row(model, kin, contact.first, contact.point, -1 * tangent, c.t);
  add_row(model, kin, contact.second, contact.point, normal, c.n);
  add_row(model, kin, contact.second, contact.point, tangent, c.t);

  const double push = soft.K_d * -contact.distance;
  c.ref_n = -soft.B * dot(c.n, v, n) + (kind == Kind::crossed ? 0 : push);
  c.ref_t = -soft.B * dot(c.t, v, n);
  c.push = push;
  c.mu = contact.friction;
  double weight = contact.first == world ? 0 : model.link[contact.first].inverse_weight;
  weight += model.link[contact.second].inverse_weight;
  // An edge of the pyramid is tilted by mu, and four edges share the work of one normal.
  const bool leans = kind == Kind::pyramid || kind == Kind::crossed;
  const double edge = leans ? 2 * c.mu * c.mu * (1 + c.mu * c.mu) : 1;
  c.D = 1 / std::max(1e-15, soft.R * weight * edge);
}

// ---- penalties

// Adds D/2 min(0, y)^2, y being linear in (y_n, y_t) with slopes along_n, along_t; bit b of the
// zone says that it acts.
void add_edge(double D, double y, double along_n, double along_t, int b, Penalty& p) {
  if (y >= 0) return;
  p.value += 0.5 * D * y * y;
  p.g_n += D * y * along_n;
  p.g_t += D * y * along_t;
  p.h_nn += D * along_n * along_n;
  p.h_nt += D * along_n * along_t;
  p.h_tt += D * along_t * along_t;
  p.zone |= 1 << b;
}

// Quadratic while the force is below its limit, linear beyond: the Huber function.
Penalty dry_friction(const Constraint& c, double y) {
  const double most = c.mu / c.D;
  Penalty p;
  if (std::abs(y) <= most) {
    p.value = 0.5 * c.D * y * y;
    p.g_n = c.D * y;
    p.h_nn = c.D;
    p.zone = 1;
  } else {
    p.value = c.mu * (std::abs(y) - 0.5 * most);
    p.g_n = y > 0 ? c.mu : -c.mu;
    p.zone = y > 0 ? 2 : 3;
  }
  return p;
}

// Four edges around the normal: two in the plane, y_n +- mu y_t, and two out of it, where nothing
// moves, so that both depend on y_n alone.
Penalty pyramid(const Constraint& c, double y_n, double y_t) {
  Penalty p;
  add_edge(c.D, y_n + c.mu * y_t, 1, c.mu, 0, p);
  add_edge(c.D, y_n - c.mu * y_t, 1, -c.mu, 1, p);
  add_edge(2 * c.D, y_n, 1, 0, 2, p);
  return p;
}

// Zero in the cone y_n >= mu |y_t|, |y| in its polar cone, in between the distance to the cone.
Penalty ellipse(const Constraint& c, double y_n, double y_t) {
  const double slip = std::abs(y_t);
  Penalty p;
  if (y_n >= c.mu * slip) return p;
  if (c.mu * y_n + slip <= 0) {
    p.value = 0.5 * c.D * (y_n * y_n + y_t * y_t);
    p.g_n = c.D * y_n;
    p.g_t = c.D * y_t;
    p.h_nn = p.h_tt = c.D;
    p.zone = 1;
    return p;
  }
  const double slope = y_t > 0 ? -c.mu : c.mu;
  add_edge(c.D / (1 + c.mu * c.mu), y_n + slope * y_t, 1, slope, y_t > 0 ? 1 : 2, p);
  return p;
}

// The normal points out of the plane, so each of the four edges depends on the constant push and on
// one of the plane's two directions: the bodies stick to each other.
Penalty crossed(const Constraint& c, double y_x, double y_z) {
  Penalty p;
  add_edge(c.D, -c.push + c.mu * y_x, c.mu, 0, 0, p);
  add_edge(c.D, -c.push - c.mu * y_x, -c.mu, 0, 1, p);
  add_edge(c.D, -c.push + c.mu * y_z, 0, c.mu, 2, p);
  add_edge(c.D, -c.push - c.mu * y_z, 0, -c.mu, 3, p);
  return p;
}

}  // namespace

Penalty penalty(const Constraint& c, double y_n, double y_t) {
  Penalty p;
  switch (c.kind) {
    case Kind::one_sided:
      add_edge(c.D, y_n, 1, 0, 0, p);
      return p;
    case Kind::dry_friction:
      return dry_friction(c, y_n);
    case Kind::pyramid:
      return pyramid(c, y_n, y_t);
    case Kind::ellipse:
      return ellipse(c, y_n, y_t);
    case Kind::crossed:
      return crossed(c, y_n, y_t);
  }
  return p;
}

double impedance(const Impedance& shape, double r) {
  const double d0 = std::clamp(shape.d0, 0.0001, 0.9999);
  const double d1 = std::clamp(shape.d1, 0.0001, 0.9999);
  return physics::impedance(d0, d1, shape.width, r);
}

double rope_row(const Model& model, const Kinematics& kin, const Model::Tether& rope, Vector& row) {
  const Vec from = kin.frame[rope.from].point(rope.from_pos);
  const Vec to = kin.frame[rope.to].point(rope.to_pos);
  const Vec along = to - from;
  const double length = std::sqrt(dot(along, along));
  std::fill_n(row, model.dofs, 0.0);
  if (length < 1e-15) return length;
  const Vec direction = (1 / length) * along;
  add_row(model, kin, rope.from, from, -1 * direction, row);
  add_row(model, kin, rope.to, to, direction, row);
  return length;
}

void find_constraints(const Model& model, const Kinematics& kin, const Contacts& contacts,
                      const Vector& q, const Vector& v, Constraints& out) {
  out.count = 0;
  for (int j = 0; j < model.dofs; ++j) {
    const Model::Dof& dof = model.dof[j];
    if (dof.frictionloss > 0) add_dry_friction(model, j, v[j], out);
    if (!dof.limited) continue;
    if (q[j] < dof.range.low) add_limit(model, j, 1, dof.range.low - q[j], v[j], out);
    if (q[j] > dof.range.high) add_limit(model, j, -1, q[j] - dof.range.high, v[j], out);
  }
  for (int t = 0; t < model.tethers; ++t) add_rope(model, kin, model.tether[t], v, out);
  for (int k = 0; k < contacts.count; ++k) add_contact(model, kin, contacts.list[k], v, out);
}

}  // namespace planet::planar
