// Constraint: a limit, friction or contact as a convex penalty on accelerations.
//
// A constraint depends on one or two numbers: the acceleration y = J a - a_ref along its normal
// and, for a contact, along its tangent, relative to its reference acceleration a_ref. Its penalty
// s(y) is convex and piecewise quadratic, and its force is -ds/dy.
#pragma once

#include "envs/planar/contact.hpp"

namespace planet::planar {

struct Constraint {
  enum class Kind { one_sided, dry_friction, pyramid, ellipse, crossed };
  Kind kind;
  Vector n, t;          // rows of the Jacobian J; t only for contacts
  double ref_n, ref_t;  // a_ref along them
  double D;             // stiffness of the penalty, 1 / R
  double mu;            // friction coefficient; the largest force of dry friction
  double push;          // of a crossed contact: a_ref along its normal
};

struct Constraints {
  int count = 0;
  Constraint list[max_constraints];
};

/// s, its gradient (negative force) and its second derivatives at y. `zone` names the quadratic
/// piece: 0 where the constraint is at rest and exerts no force.
struct Penalty {
  double value = 0, g_n = 0, g_t = 0, h_nn = 0, h_nt = 0, h_tt = 0;
  int zone = 0;
};
Penalty penalty(const Constraint& c, double y_n, double y_t);

/// d(r) for the violation r >= 0, between 0.0001 and 0.9999.
double impedance(const Impedance& shape, double r);

/// All active constraints: dry friction, exceeded limits, taut ropes, contacts.
void find_constraints(const Model& model, const Kinematics& kin, const Contacts& contacts,
                      const Vector& q, const Vector& v, Constraints& out);

/// The rope's length; `row` becomes its derivative with respect to q.
double rope_row(const Model& model, const Kinematics& kin, const Model::Tether& rope, Vector& row);

}  // namespace planet::planar
