// Planar mechanics without contacts: each law from positions, velocities and energies alone.
#include <doctest/doctest.h>

#include <array>

#include "autograd/base/error.hpp"
#include "envs/physics.hpp"
#include "envs/tasks/cheetah_run.hpp"
#include "envs/tasks/cup_catch.hpp"
#include "envs/tasks/finger_spin.hpp"
#include "envs/tasks/walker.hpp"
#include "tests/envs/planar_support.hpp"
#include "tests/envs/support.hpp"

using namespace planet;
using namespace planet::planar;
using test::PlanarState;

namespace {

std::vector<const Model*> all_models() {
  return {&CupCatch::cup_model(), &FingerSpin::finger_model(), &CheetahRun::cheetah_model(),
          &Walker::walker_model()};
}

// The kinetic energy for rates v at q, from the bodies' own velocities.
double energy_of(const Model& model, const Vector& q, const Vector& v) {
  Kinematics kin;
  kin.update(model, q, v);
  return kinetic_energy(model, kin, v);
}

double total_energy(const Model& model, const PlanarState& s) {
  const Kinematics kin = test::kinematics_of(model, s);
  return kinetic_energy(model, kin, s.v) + potential_energy(model, kin, s.q);
}

// Momentum along x and z, and angular momentum about the centre of mass (about +y).
std::array<double, 3> momenta(const Model& model, const PlanarState& s) {
  const Kinematics kin = test::kinematics_of(model, s);
  Vec p, centre;
  for (int b = 0; b < model.links; ++b) {
    p = p + model.link[b].mass * kin.com_velocity[b];
    centre = centre + (model.link[b].mass / model.total_mass) * kin.com[b];
  }
  double spin = 0;
  for (int b = 0; b < model.links; ++b) {
    const Vec r = kin.com[b] - centre, mv = model.link[b].mass * kin.com_velocity[b];
    spin += model.link[b].moment * kin.frame[b].rate + r.z * mv.x - r.x * mv.z;
  }
  return {p.x, p.z, spin};
}

}  // namespace

TEST_CASE("planar velocities and bias accelerations are derivatives of positions") {
  Rng rng(1, Stream::test);
  const Vector still{};
  for (const Model* model : all_models())
    for (int k = 0; k < 50; ++k) {
      const PlanarState s = test::random_planar_state(*model, rng);
      const double e = 1e-5;
      const Kinematics now = test::kinematics_of(*model, s);
      const Kinematics later = test::kinematics_of(*model, test::moved(*model, s, still, e));
      const Kinematics before = test::kinematics_of(*model, test::moved(*model, s, still, -e));
      for (int b = 0; b < model->links; ++b) {
        const Vec v = (0.5 / e) * (later.com[b] - before.com[b]) - now.com_velocity[b];
        const Vec a =
            (0.5 / e) * (later.com_velocity[b] - before.com_velocity[b]) - now.com_bias[b];
        CHECK(std::hypot(v.x, v.z) <= 1e-7);
        CHECK(std::hypot(a.x, a.z) <= 1e-6);
      }
    }
}

TEST_CASE("the planar mass matrix is the second derivative of the kinetic energy") {
  Rng rng(2, Stream::test);
  for (const Model* model : all_models())
    for (int k = 0; k < 50; ++k) {
      const PlanarState s = test::random_planar_state(*model, rng);
      Matrix M;
      Vector c;
      mass_and_bias(*model, test::kinematics_of(*model, s), M, c);
      for (int i = 0; i < model->dofs; ++i)
        for (int j = 0; j <= i; ++j) {
          // The energy is quadratic in the rates, so these differences are exact.
          double second = 0;
          for (const double si : {1.0, -1.0})
            for (const double sj : {1.0, -1.0}) {
              Vector v;
              std::copy_n(s.v, model->dofs, v);
              v[i] += si, v[j] += sj;
              second += si * sj * energy_of(*model, s.q, v) / 4;
            }
          CHECK(std::abs(second - M[i][j]) <= 1e-11 * (1 + std::abs(M[i][j])) * 100);
        }
    }
}

TEST_CASE("the planar bias force agrees with Lagrange's equations") {
  // c = d/dt (dT/dv) - dT/dq + dV/dq for a = 0, every term by differences of the energies.
  Rng rng(3, Stream::test);
  const double e = 1e-5;
  for (const Model* model : all_models())
    for (int k = 0; k < 20; ++k) {
      const PlanarState s = test::random_planar_state(*model, rng);
      Matrix M;
      Vector c;
      mass_and_bias(*model, test::kinematics_of(*model, s), M, c);
      const auto weight = [&](const Vector& q) {
        Kinematics kin;
        kin.update(*model, q, s.v);
        double sum = 0;
        for (int b = 0; b < model->links; ++b)
          sum += model->link[b].mass * model->gravity * kin.com[b].z;
        return sum;
      };
      // dT/dv_i at q, exact because T is quadratic in v.
      const auto momentum = [&](const Vector& q, int i) {
        Vector up, down;
        std::copy_n(s.v, model->dofs, up);
        std::copy_n(s.v, model->dofs, down);
        up[i] += 1, down[i] -= 1;
        return (energy_of(*model, q, up) - energy_of(*model, q, down)) / 2;
      };
      for (int i = 0; i < model->dofs; ++i) {
        Vector later, before, up, down;
        for (int j = 0; j < model->dofs; ++j) {
          later[j] = s.q[j] + e * s.v[j], before[j] = s.q[j] - e * s.v[j];
          up[j] = down[j] = s.q[j];
        }
        up[i] += e, down[i] -= e;
        const double lagrange =
            (momentum(later, i) - momentum(before, i)) / (2 * e) -
            (energy_of(*model, up, s.v) - energy_of(*model, down, s.v)) / (2 * e) +
            (weight(up) - weight(down)) / (2 * e);
        CHECK(std::abs(lagrange - c[i]) <= 1e-5 * (1 + std::abs(c[i])));
      }
    }
}

TEST_CASE("planar energy changes by exactly what motors and dampers put in") {
  Rng rng(4, Stream::test);
  for (const Model* model : all_models())
    for (int k = 0; k < 50; ++k) {
      const PlanarState s = test::random_planar_state(*model, rng);
      std::array<double, max_dofs> control{};
      for (double& u : control) u = rng.uniform(-1, 1);
      Vector a, force;
      test::free_acceleration(*model, s, control, a);
      applied_force(*model, s.q, s.v, control, force);
      double power = 0;  // of everything but the springs, whose energy counts as potential
      for (int j = 0; j < model->dofs; ++j)
        power += (force[j] + model->dof[j].stiffness * s.q[j]) * s.v[j];
      const double e = 1e-6;
      const double rate = (total_energy(*model, test::moved(*model, s, a, e)) -
                           total_energy(*model, test::moved(*model, s, a, -e))) /
                          (2 * e);
      CHECK(std::abs(rate - power) <= 1e-6 * (1 + std::abs(power)) * 10);
    }
}

TEST_CASE("internal forces change no momentum of a flying body and gravity only the vertical one") {
  Rng rng(5, Stream::test);
  for (const Model* model : {&CheetahRun::cheetah_model(), &Walker::walker_model()})
    for (int k = 0; k < 50; ++k) {
      PlanarState s = test::random_planar_state(*model, rng);
      std::array<double, max_dofs> control{};
      for (double& u : control) u = rng.uniform(-1, 1);
      Vector a;
      test::free_acceleration(*model, s, control, a);
      // The armature is the inertia of the drives, which is no momentum of the bodies; it is left
      // out here, so that the equations are those of free bodies.
      Model bare = *model;
      for (int j = 0; j < bare.dofs; ++j) bare.dof[j].armature = 0;
      test::free_acceleration(bare, s, control, a);
      const double e = 1e-5;
      const auto later = momenta(bare, test::moved(bare, s, a, e));
      const auto before = momenta(bare, test::moved(bare, s, a, -e));
      const double most = 1e-5 * (1 + std::abs(later[2]));
      CHECK(std::abs((later[0] - before[0]) / (2 * e)) <= most);
      CHECK(std::abs((later[1] - before[1]) / (2 * e) + bare.total_mass * bare.gravity) <= most);
      CHECK(std::abs((later[2] - before[2]) / (2 * e)) <= most * 10);
    }
}

TEST_CASE("a swinging chain keeps its energy better the smaller the step") {
  // The cheetah's bodies in the air, without dampers, limits and ground; the springs stay.
  const auto drift = [](int steps) {
    Model model = CheetahRun::cheetah_model();
    for (int j = 0; j < model.dofs; ++j) {
      model.dof[j].damping = 0;
      model.dof[j].limited = false;
    }
    for (int i = 0; i < model.solids; ++i) model.solid[i].meets_ground = false;
    model.pairs = 0;
    model.timestep = 0.5 / steps;
    Simulation sim(model);
    std::vector<double> state(18, 0.0);
    for (std::size_t j = 3; j < 9; ++j) state[j] = 0.3 - 0.1 * static_cast<double>(j % 3);
    state[11] = 1;
    sim.set_state(state);
    const auto energy = [&] {
      return kinetic_energy(model, sim.kinematics(), sim.v()) +
             potential_energy(model, sim.kinematics(), sim.q());
    };
    const double start = energy();
    const std::array<double, 6> still{};
    for (int k = 0; k < steps; ++k) sim.step(still);
    return std::abs(energy() - start);
  };
  for (const int steps : {400, 800, 1600}) {
    const double order = std::log2(drift(steps) / drift(2 * steps));
    CAPTURE(steps);
    CHECK(order > 0.8);
    CHECK(order < 1.2);
  }
  CHECK(drift(12800) < 0.05);
}

TEST_CASE("a pendulum of one body by hand") {
  // A ball of 1 dm radius, 0.5 m below a hinge: m g l sin = (I + m l^2) a, I = 2/5 m r^2. One step
  // with the damper inside: (J + h b) a = tau - b v.
  Table table;
  table.timestep = 0.01;
  table.bodies = {{.name = "bob",
                   .joints = {{.name = "hinge", .axis = Axis::hinge, .damping = 0.7}},
                   .geoms = {{.shape = Shape::ball, .from = {0, -0.5}, .radius = 0.1}}}};
  table.motors = {{"hinge", 3}};
  const Model model = compile(table);
  const double m = 1000 * 4.0 / 3 * physics::pi * 1e-3, J = m * (0.4 * 0.01 + 0.25);
  CHECK(model.link[0].mass == doctest::Approx(m).epsilon(1e-14));
  Simulation sim(model);
  const double angle = 0.4, rate = -1.3, u = 0.6;
  sim.set_state(std::array{angle, rate});
  // Turned by +angle about +y the bob, hanging down, moves to -x; gravity turns it back.
  CHECK(sim.point(0, {0, -0.5}).x == doctest::Approx(-0.5 * std::sin(angle)).epsilon(1e-14));
  sim.step(std::array{u});
  const double torque = -m * 9.81 * 0.5 * std::sin(angle) + 3 * u - 0.7 * rate;
  const double v = rate + 0.01 * torque / (J + 0.01 * 0.7);
  CHECK(sim.v()[0] == doctest::Approx(v).epsilon(1e-13));
  CHECK(sim.q()[0] == doctest::Approx(angle + 0.01 * v).epsilon(1e-13));
  // Controls beyond the box are clipped.
  Simulation other(model);
  other.set_state(std::array{angle, rate});
  sim.set_state(std::array{angle, rate});
  sim.step(std::array{1.0});
  other.step(std::array{7.5});
  CHECK(sim.v()[0] == other.v()[0]);
}

TEST_CASE("the bodies have the masses of the model files") {
  CHECK(CheetahRun::cheetah_model().total_mass == 14);
  // Cup: five rods of radius 8 mm; ball: a sphere of 25 mm of water.
  CHECK(CupCatch::cup_model().link[1].mass == doctest::Approx(0.06544984694978735).epsilon(1e-14));
  CHECK(CupCatch::cup_model().link[0].mass == doctest::Approx(0.06515291).epsilon(1e-7));
  CHECK(CupCatch::cup_model().link[1].inverse_weight ==
        doctest::Approx(2 / (3 * 0.06544984694978735)).epsilon(1e-14));
  CHECK(Walker::walker_model().link[0].mass == doctest::Approx(10.67303744).epsilon(1e-8));
  CHECK(Walker::walker_model().link[0].inverse_weight == doctest::Approx(0.03878152).epsilon(1e-7));
  CHECK(FingerSpin::finger_model().link[2].inverse_weight < 1e-15);  // it turns about its centre
}

TEST_CASE("an invalid planar table is refused with its reason") {
  const auto complaint = [](auto&& change) {
    Table table = test::ball_table();
    change(table);
    return test::sentence([&] { compile(table); });
  };
  CHECK(complaint([](Table&) {}).empty());
  CHECK(test::contains(complaint([](Table& t) { t.motors = {{"y", 1}}; }), "'y', which does not"));
  CHECK(test::contains(complaint([](Table& t) { t.bodies[0].parent = "arm"; }), "no body 'arm'"));
  CHECK(test::contains(complaint([](Table& t) { t.bodies[0].geoms.clear(); }), "has no mass"));
  CHECK(test::contains(complaint([](Table& t) { t.bodies[0].joints.resize(10); }), "9 joints"));
  CHECK(test::contains(complaint([](Table& t) { t.ropes = {{.from = "ball", .to = "cup"}}; }),
                       "no body 'cup'"));
}

TEST_CASE("a planar world from a table falls, lands and rests") {
  // The example of envs/planar/README.md.
  Table table;
  table.ground = Ground{};
  table.bodies = {
      {.name = "ball",
       .pos = {0, 1},
       .joints = {{.name = "x", .axis = Axis::slide_x}, {.name = "z", .axis = Axis::slide_z}},
       .geoms = {{.shape = Shape::ball, .radius = 0.1}}}};
  const Model model = compile(table);
  Simulation sim(model);
  for (int k = 0; k < 100; ++k) sim.step({});
  CHECK(sim.v()[1] == doctest::Approx(-9.81 * 0.2).epsilon(1e-12));
  for (int k = 0; k < 3000; ++k) sim.step({});
  CHECK(sim.point(0, {}).z == doctest::Approx(0.1).epsilon(1e-2));
  CHECK(std::abs(sim.v()[1]) <= 1e-6);
  CHECK(test::contains(test::sentence([&] { sim.step(std::array{1.0}); }), "has 0 motors"));
  CHECK(test::contains(test::sentence([&] { sim.set_state(std::array{1.0}); }), "has 4 numbers"));
}
