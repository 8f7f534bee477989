#include "envs/planar/model.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"
#include "envs/physics.hpp"
#include "envs/planar/constraint.hpp"
#include "envs/planar/dynamics.hpp"

namespace planet::planar {
namespace {

using physics::pi;
constexpr double radians = pi / 180;

// ---- masses

struct MassPoint {
  double mass, moment;  // about y through its own centre
  Vec centre;
};

MassPoint mass_of(const Geom& geom, double density) {
  const double r = geom.radius;
  if (geom.shape == Shape::disc) {
    const double m = density * pi * r * r * geom.width;
    return {m, 0.5 * m * r * r, geom.from};
  }
  if (geom.shape == Shape::ball) {
    const physics::Inertia inertia = physics::capsule(r, 0, density);
    return {inertia.mass, inertia.moment, geom.from};
  }
  const Vec along = geom.to - geom.from;
  const physics::Inertia inertia = physics::capsule(r, std::sqrt(dot(along, along)), density);
  return {inertia.mass, inertia.moment, 0.5 * (geom.from + geom.to)};
}

void add_masses(const Body& body, double density, Model::Link& link) {
  std::vector<MassPoint> parts;
  for (const Geom& geom : body.geoms) parts.push_back(mass_of(geom, density));
  for (const MassPoint& p : parts) {
    link.mass += p.mass;
    link.com = link.com + p.mass * p.centre;
  }
  require(link.mass > 0, "the body ", body.name, " has no mass");
  link.com = (1 / link.mass) * link.com;
  for (const MassPoint& p : parts) {
    const Vec r = p.centre - link.com;
    link.moment += p.moment + p.mass * dot(r, r);  // the parallel axis theorem
  }
}

void scale_masses(double total, Model& model) {
  double sum = 0;
  for (int b = 0; b < model.links; ++b) sum += model.link[b].mass;
  for (int b = 0; b < model.links && total > 0; ++b) {
    model.link[b].mass *= total / sum;
    model.link[b].moment *= total / sum;
  }
  model.total_mass = total > 0 ? total : sum;
}

// ---- the tree

void check_room(int count, int room, const char* what) {
  require(count < room, "a planar model has room for ", room, " ", what);
}

void add_joint(const Joint& joint, Model& model) {
  check_room(model.dofs, max_dofs, "joints");
  Model::Dof& dof = model.dof[model.dofs++];
  dof = {};
  dof.slide = joint.axis == Axis::slide_x || joint.axis == Axis::slide_z;
  const double unit = dof.slide ? 1 : radians;
  dof.direction = joint.axis == Axis::slide_x ? Vec{1, 0} : Vec{0, 1};
  dof.sign = joint.axis == Axis::hinge_down ? -1 : 1;
  dof.anchor = joint.pos;
  dof.ref = unit * joint.ref;
  dof.limited = joint.range.has_value();
  if (joint.range) dof.range = {unit * joint.range->low, unit * joint.range->high};
  dof.stiffness = joint.stiffness;
  dof.damping = joint.damping;
  dof.armature = joint.armature;
  dof.frictionloss = joint.frictionloss;
  dof.limit = joint.solimp;
  dof.motor = -1;
  model.joint_names.push_back(joint.name);
}

void add_body(const Body& body, double density, Model& model) {
  check_room(model.links, max_bodies, "bodies");
  Model::Link& link = model.link[model.links];
  link = {};
  link.parent = body.parent.empty() ? world : model.link_index(body.parent);
  link.pos = body.pos;
  if (link.parent != world) {
    const Model::Link& parent = model.link[link.parent];
    std::copy_n(parent.chain, parent.chain_size, link.chain);
    link.chain_size = parent.chain_size;
  }
  link.first = model.dofs;
  for (const Joint& joint : body.joints) {
    add_joint(joint, model);  // throws when there are too many
    link.chain[link.chain_size++] = model.dofs - 1;
  }
  link.last = model.dofs;
  add_masses(body, density, link);
  model.link_names.push_back(body.name);
  ++model.links;
}

// ---- pairs that can touch

bool collide(int contype1, int conaffinity1, int contype2, int conaffinity2) {
  return (contype1 & conaffinity2) != 0 || (contype2 & conaffinity1) != 0;
}

bool neighbours(const Model& model, int a, int b) {
  return a == b || model.link[a].parent == b || model.link[b].parent == a;
}

void add_solids(const Table& table, Model& model) {
  std::vector<const Geom*> geoms;
  int rows = 2 * model.dofs + static_cast<int>(table.ropes.size());
  for (int b = 0; b < model.links; ++b)
    for (const Geom& geom : table.bodies[static_cast<std::size_t>(b)].geoms) {
      if (geom.shape == Shape::disc) continue;  // in this plane they contribute only their mass
      check_room(model.solids, max_geoms, "geoms");
      Model::Solid& solid = model.solid[model.solids++];
      const bool point = geom.shape == Shape::ball;
      solid = {b, geom.from, point ? geom.from : geom.to, geom.radius, point, 0, false, 0};
      const Vec half = 0.5 * (solid.to - solid.from);
      solid.reach = std::sqrt(dot(half, half)) + geom.radius;
      const auto& ground = table.ground;
      if (ground && collide(geom.contype, geom.conaffinity, ground->contype, ground->conaffinity)) {
        solid.meets_ground = true;
        solid.ground_friction = std::max(geom.friction, ground->friction);
        rows += point ? 1 : 2;
      }
      geoms.push_back(&geom);
    }
  for (int i = 0; i < model.solids; ++i)
    for (int j = i + 1; j < model.solids; ++j) {
      const Geom &a = *geoms[static_cast<std::size_t>(i)], &b = *geoms[static_cast<std::size_t>(j)];
      if (neighbours(model, model.solid[i].link, model.solid[j].link) ||
          !collide(a.contype, a.conaffinity, b.contype, b.conaffinity))
        continue;
      check_room(model.pairs, max_pairs, "pairs of geoms that may touch");
      model.pair[model.pairs++] = {i, j, std::max(a.friction, b.friction)};
    }
  check_room(rows + model.pairs - 1, max_constraints, "constraints at a time");
}

void add_ropes(const Table& table, Model& model) {
  for (const Rope& rope : table.ropes) {
    check_room(model.tethers, max_ropes, "ropes");
    model.tether[model.tethers++] = {model.link_index(rope.from),
                                     model.link_index(rope.to),
                                     rope.from_pos,
                                     rope.to_pos,
                                     rope.length,
                                     0};
  }
}

void add_motors(const Table& table, Model& model) {
  for (const Motor& motor : table.motors) {
    const auto found = std::find(model.joint_names.begin(), model.joint_names.end(), motor.joint);
    require(found != model.joint_names.end(), "a motor drives the joint '", motor.joint,
            "', which does not exist");
    Model::Dof& dof = model.dof[found - model.joint_names.begin()];
    dof.gear = motor.gear;
    dof.motor = model.motors++;
  }
}

// ---- inverse weights in the table's pose: the mobility of joints, bodies and ropes

double inverse_weight(const Matrix& factored, int n, const Vector& row) {
  Vector x;
  std::copy_n(row, n, x);
  solve(factored, n, x);
  return dot(row, x, n);
}

void weigh(Model& model) {
  Vector q{}, v{}, c{};
  for (int j = 0; j < model.dofs; ++j) q[j] = model.dof[j].ref;
  Kinematics kin;
  kin.update(model, q, v);
  Matrix M;
  mass_and_bias(model, kin, M, c);
  factor(M, model.dofs);
  for (int j = 0; j < model.dofs; ++j) {
    Vector unit{};
    unit[j] = 1;
    model.dof[j].inverse_weight = inverse_weight(M, model.dofs, unit);
  }
  for (int b = 0; b < model.links; ++b) {
    Vector jx{}, jz{};
    for (int k = 0; k < model.link[b].chain_size; ++k) {
      const int j = model.link[b].chain[k];
      const Vec column = kin.column(model, j, kin.com[b]);
      jx[j] = column.x, jz[j] = column.z;
    }
    // A third, because MuJoCo averages over three directions, and one of them is fixed here.
    model.link[b].inverse_weight =
        (inverse_weight(M, model.dofs, jx) + inverse_weight(M, model.dofs, jz)) / 3;
  }
  for (int t = 0; t < model.tethers; ++t) {
    Vector row;
    rope_row(model, kin, model.tether[t], row);
    model.tether[t].inverse_weight = inverse_weight(M, model.dofs, row);
  }
}

}  // namespace

Segment segment_at(Vec middle, double half_length, double degrees) {
  const Vec half{half_length * std::sin(radians * degrees),
                 half_length * std::cos(radians * degrees)};
  return {middle - half, middle + half};
}

Geom capsule(std::string name, Vec from, Vec to, double radius) {
  Geom geom;
  geom.name = std::move(name);
  geom.from = from;
  geom.to = to;
  geom.radius = radius;
  return geom;
}

Geom capsule(std::string name, Segment segment, double radius) {
  return capsule(std::move(name), segment.from, segment.to, radius);
}

int Model::link_index(const std::string& name) const {
  const auto found = std::find(link_names.begin(), link_names.end(), name);
  require(found != link_names.end(), "there is no body '", name, "' before this line of the table");
  return static_cast<int>(found - link_names.begin());
}

Model compile(const Table& table) {
  Model model;
  model.timestep = table.timestep;
  model.gravity = table.gravity;
  model.time_constant = std::max(table.time_constant, 2 * table.timestep);
  model.cone = table.cone;
  model.contact = table.contact_solimp;
  for (const Body& body : table.bodies) add_body(body, table.density, model);
  require(model.dofs > 0, "a planar model needs a joint");
  scale_masses(table.total_mass, model);
  add_solids(table, model);
  add_ropes(table, model);
  add_motors(table, model);
  weigh(model);
  return model;
}

}  // namespace planet::planar
