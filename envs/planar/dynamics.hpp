// Dynamics without contacts: M(q) a + c(q, v) = forces.
#pragma once

#include "envs/planar/kinematics.hpp"

namespace planet::planar {

/// The mass matrix and the bias force, from the Jacobians J of the centres of mass:
///   M = sum over bodies of m Jx' Jx + m Jz' Jz + I Jw' Jw, plus the armature on the diagonal
///   c = sum over bodies of m J' (a_bias + g z^)      gravity, centripetal and Coriolis terms
void mass_and_bias(const Model& model, const Kinematics& kin, Matrix& M, Vector& c);

/// Springs, dampers and motors: f = -k q - b v + gear u. Controls [motors] are clipped to [-1, 1].
void applied_force(const Model& model, const Vector& q, const Vector& v,
                   std::span<const double> control, Vector& f);

/// Kinetic energy 1/2 v' M v, armature included; potential energy of gravity and springs.
double kinetic_energy(const Model& model, const Kinematics& kin, const Vector& v);
double potential_energy(const Model& model, const Kinematics& kin, const Vector& q);
/// The velocity of the centre of mass of all bodies, m/s.
Vec com_velocity(const Model& model, const Kinematics& kin);

}  // namespace planet::planar
