// Contact: which solids overlap, where, and the direction that separates them.
#pragma once

#include "envs/planar/kinematics.hpp"

namespace planet::planar {

struct Contact {
  int first, second;  // links; the first is the world for a contact with the ground
  Vec point;          // half way between the two surfaces
  Vec normal;         // a unit vector from the first to the second
  double distance;    // negative: they overlap
  double friction;
  bool crossed;  // the axes of two capsules intersect: no direction in the plane separates them
};

/// Room for the largest possible number of contacts.
struct Contacts {
  int count = 0;
  Contact list[max_constraints];
};

/// The overlapping ends of every capsule with the ground, and the nearest points of every pair.
void find_contacts(const Model& model, const Kinematics& kin, Contacts& out);

/// Parameters in [-1, 1] of the nearest points of two segments (midpoint and half vector).
struct Nearest {
  double first, second;
};
Nearest nearest(Vec middle1, Vec half1, Vec middle2, Vec half2);

}  // namespace planet::planar
