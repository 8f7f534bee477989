// Table: the description of a planar world, in the terms and the order of a MuJoCo model file.
//
// The plane is MuJoCo's x-z plane: x to the right, z up, angles about +y (they turn z towards x).
// Lengths are in metres, angles in degrees; masses follow from shapes and densities. Defaults are
// those of the model format. model.hpp compiles a table into the numbers that a step needs.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace planet::planar {

struct Vec {
  double x = 0;
  double z = 0;
};

/// How a soft constraint hardens with its violation r: d(r) rises smoothly from d0 at r = 0 to d1
/// at r = width. d is the fraction of a_ref that a constraint attains (MuJoCo's solimp).
struct Impedance {
  double d0 = 0.9;
  double d1 = 0.95;
  double width = 0.001;
};

/// A joint moves along or about its axis; hinge_down turns about -y, a common convention for knees.
enum class Axis { slide_x, slide_z, hinge, hinge_down };

struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// One degree of freedom of a body relative to its parent. Its coordinate q is `ref` in the table's
/// pose.
struct Joint {
  std::string name{};
  Axis axis = Axis::hinge;
  Vec pos{};                     // of a hinge, in its body
  std::optional<Range> range{};  // degrees or metres; none: unlimited
  double ref = 0;                // degrees or metres
  double stiffness = 0;          // N m/rad or N/m; the spring rests at q = 0
  double damping = 0;            // N m s/rad or N s/m
  double armature = 0;           // inertia of the drive, kg m^2 or kg
  double frictionloss = 0;       // dry friction, at most this much N m or N
  Impedance solimp{};            // of its limits
};

enum class Shape { capsule, ball, disc };  // disc: a cylinder along y

struct Geom {
  std::string name{};
  Shape shape = Shape::capsule;
  Vec from{}, to{};  // a capsule's segment in its body; ball and disc: `from` is the centre
  double radius = 0;
  double width = 0;     // of a disc, along y
  double friction = 1;  // of a pair, the larger is used
  int contype = 1,
      conaffinity = 1;  // a pair collides if one's contype meets the other's conaffinity
};

struct Body {
  std::string name{};
  std::string parent{};  // empty: the world
  Vec pos{};             // in the parent
  std::vector<Joint> joints{};
  std::vector<Geom> geoms{};
};

/// The ground z = 0, solid below.
struct Ground {
  double friction = 1;
  int contype = 1, conaffinity = 1;
};

/// An inextensible rope between a point of one body and a point of another.
struct Rope {
  std::string from{}, to{};  // bodies
  Vec from_pos{}, to_pos{};  // in them
  double length = 0;
};

struct Motor {
  std::string joint{};
  double gear = 1;  // N m or N at control 1
};

/// The friction model of contacts: a pyramid or a cone. In the plane both bound the tangential
/// force by mu times the normal force; they differ in the softness of a sliding contact.
enum class Cone { pyramidal, elliptic };

struct Table {
  double timestep = 0.002;  // seconds
  double gravity = 9.81;    // m/s^2, along -z
  Cone cone = Cone::pyramidal;
  double time_constant = 0.02;  // of all soft constraints, seconds; at least two steps (solref)
  Impedance contact_solimp{};
  double density = 1000;  // kg/m^3
  double total_mass = 0;  // kg; all masses are scaled to it; 0: as they are
  std::optional<Ground> ground{};
  std::vector<Body> bodies{};  // a parent before its children
  std::vector<Rope> ropes{};
  std::vector<Motor> motors{};  // in the order of the controls
};

/// A capsule's segment, given its midpoint, half its length and its angle to the z axis in degrees.
struct Segment {
  Vec from, to;
};
Segment segment_at(Vec middle, double half_length, double degrees);
Geom capsule(std::string name, Vec from, Vec to, double radius);
Geom capsule(std::string name, Segment segment, double radius);

}  // namespace planet::planar
