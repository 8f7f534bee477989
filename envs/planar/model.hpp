// Model: a table compiled for stepping. Fixed arrays, indices instead of names, all constants.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "envs/planar/linear.hpp"
#include "envs/planar/table.hpp"

namespace planet::planar {

inline constexpr int max_bodies = 8;
inline constexpr int max_geoms = 12;
inline constexpr int max_pairs = 40;
inline constexpr int max_ropes = 2;
inline constexpr int max_constraints = 64;
inline constexpr int world = -1;  // as a body's index

struct Model {
  struct Dof {
    bool slide;
    Vec direction;  // of a slide, in the parent
    double sign;    // of a hinge, about +y
    Vec anchor;     // of a hinge, in its body
    double ref;     // q in the table's pose
    bool limited;
    Range range;
    double stiffness, damping, armature, frictionloss;
    Impedance limit;
    double inverse_weight;  // (M^-1)_jj in the table's pose
    double gear;            // of its motor
    int motor;              // index of its control, or -1
  };
  struct Link {  // a body
    int parent;
    Vec pos;              // in the parent
    int first, last;      // its own degrees of freedom: [first, last)
    int chain[max_dofs];  // those that move it, starting at the root
    int chain_size;
    double mass, moment;    // moment of inertia about y through the centre of mass
    Vec com;                // in the body
    double inverse_weight;  // a third of the trace of J M^-1 J' of its centre of mass
  };
  struct Solid {  // a geom that can touch something
    int link;
    Vec from, to;
    double radius;
    bool point;    // a ball: from == to
    double reach;  // radius of a circle about the middle that holds it
    bool meets_ground;
    double ground_friction;
  };
  struct Pair {
    int first, second;  // solids
    double friction;
  };
  struct Tether {
    int from, to;  // links
    Vec from_pos, to_pos;
    double length;
    double inverse_weight;  // J M^-1 J' in the table's pose
  };

  int dofs = 0, links = 0, solids = 0, pairs = 0, tethers = 0, motors = 0;
  double timestep = 0, gravity = 0, total_mass = 0;
  double time_constant = 0;  // at least two steps
  Cone cone = Cone::pyramidal;
  Impedance contact;
  Dof dof[max_dofs]{};
  Link link[max_bodies]{};
  Solid solid[max_geoms]{};
  Pair pair[max_pairs]{};
  Tether tether[max_ropes]{};
  std::vector<std::string> joint_names, link_names;

  /// Error: a name that does not exist.
  int link_index(const std::string& name) const;
};

/// Error: unknown names, a parent after its child, no mass, too many of anything.
Model compile(const Table& table);

}  // namespace planet::planar
