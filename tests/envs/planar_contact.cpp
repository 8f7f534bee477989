// Planar contacts: geometry against search, forces against their laws, rest and sliding by hand.
#include <doctest/doctest.h>

#include <array>

#include "envs/physics.hpp"
#include "envs/tasks/cheetah_run.hpp"
#include "envs/tasks/cup_catch.hpp"
#include "envs/tasks/finger_spin.hpp"
#include "envs/tasks/walker.hpp"
#include "tests/envs/planar_support.hpp"

using namespace planet;
using namespace planet::planar;
using Kind = Constraint::Kind;

namespace {

// One moment: M, a0, the constraints and the accelerations under them.
struct Moment {
  int n = 0, steps = 0;
  Matrix M;
  Vector a0, a, force;
  Contacts contacts;
  Constraints constraints;

  Moment(const Model& model, const test::PlanarState& s, std::span<const double> control) {
    n = model.dofs;
    const Kinematics kin = test::kinematics_of(model, s);
    Vector c;
    mass_and_bias(model, kin, M, c);
    test::free_acceleration(model, s, control, a0);
    find_contacts(model, kin, contacts);
    find_constraints(model, kin, contacts, s.q, s.v, constraints);
    steps = constrained_acceleration(M, n, a0, constraints, a, force);
  }

  // The function to be minimised, from the penalties' values alone.
  double objective(const Vector& x) const {
    Vector r, Mr;
    for (int i = 0; i < n; ++i) r[i] = x[i] - a0[i];
    multiply(M, n, r, Mr);
    double sum = 0.5 * dot(r, Mr, n);
    for (int k = 0; k < constraints.count; ++k) {
      const Constraint& c = constraints.list[k];
      sum += penalty(c, dot(c.n, x, n) - c.ref_n, dot(c.t, x, n) - c.ref_t).value;
    }
    return sum;
  }
};

// Runners thrown to the ground: states with many contacts.
test::PlanarState low_state(const Model& model, Rng& rng) {
  test::PlanarState s = test::random_planar_state(model, rng);
  for (int j = 3; j < model.dofs; ++j) {
    const Model::Dof& dof = model.dof[j];
    s.q[j] = rng.uniform(dof.range.low - 0.05, dof.range.high + 0.05);
  }
  const int height = model.dof[0].direction.z == 1 ? 0 : 1;
  s.q[height] = rng.uniform(-1.2, -0.4);
  return s;
}

Model ball_model(double friction, Cone cone = Cone::pyramidal) {
  Table table = test::ball_table(friction);
  table.cone = cone;
  return compile(table);
}

}  // namespace

TEST_CASE("the nearest points of two segments against a search") {
  Rng rng(1, Stream::test);
  const auto point = [&](double size) {
    return Vec{rng.uniform(-size, size), rng.uniform(-size, size)};
  };
  const auto length = [](Vec a) { return std::sqrt(dot(a, a)); };
  for (int k = 0; k < 300; ++k) {
    const Vec m1 = point(1), h1 = point(0.7), m2 = point(1), h2 = point(0.7);
    const Nearest at = nearest(m1, h1, m2, h2);
    CHECK(std::abs(at.first) <= 1);
    CHECK(std::abs(at.second) <= 1);
    const double found = length(m1 + at.first * h1 - m2 - at.second * h2);
    double best = 1e9;
    for (double x = -1; x <= 1; x += 0.02)
      for (double y = -1; y <= 1; y += 0.02)
        best = std::min(best, length(m1 + x * h1 - m2 - y * h2));
    CHECK(found <= best + 1e-12);
    CHECK(found >= best - 0.03);
  }
  // Points, and parallel segments.
  CHECK(nearest({0, 0}, {0, 0}, {3, 1}, {2, 0}).second == -1);
  CHECK(nearest({0, 0}, {1, 0}, {0.2, 1}, {0, 0}).first == doctest::Approx(0.2));
  CHECK(std::abs(nearest({0, 0}, {1, 0}, {5, 1}, {1, 0}).second) == 1);
}

TEST_CASE("a penalty's gradient and curvature are its derivatives on every piece") {
  Rng rng(2, Stream::test);
  for (const Kind kind :
       {Kind::one_sided, Kind::dry_friction, Kind::pyramid, Kind::ellipse, Kind::crossed}) {
    Constraint c{};
    c.kind = kind;
    c.D = 3;
    c.mu = 0.6;
    c.push = 0.4;
    std::array<int, 16> met{};
    for (int k = 0; k < 2000; ++k) {
      const double y_n = rng.uniform(-1.5, 1.5), y_t = rng.uniform(-1.5, 1.5), e = 1e-5;
      const Penalty p = penalty(c, y_n, y_t);
      ++met[static_cast<std::size_t>(p.zone)];
      const auto value = [&](double n, double t) { return penalty(c, y_n + n, y_t + t).value; };
      CHECK(std::abs((value(e, 0) - value(-e, 0)) / (2 * e) - p.g_n) <= 1e-4);
      CHECK(std::abs((value(0, e) - value(0, -e)) / (2 * e) - p.g_t) <= 1e-4);
      CHECK(p.value >= 0);
      // Curvature, where a whole neighbourhood is on one piece.
      const double d = 1e-3;
      bool inside = true;
      for (const double n : {-d, d})
        for (const double t : {-d, d})
          inside = inside && penalty(c, y_n + n, y_t + t).zone == p.zone;
      if (!inside) continue;
      const double mixed =
          (value(d, d) - value(d, -d) - value(-d, d) + value(-d, -d)) / (4 * d * d);
      CHECK(std::abs((value(d, 0) - 2 * p.value + value(-d, 0)) / (d * d) - p.h_nn) <= 1e-6);
      CHECK(std::abs((value(0, d) - 2 * p.value + value(0, -d)) / (d * d) - p.h_tt) <= 1e-6);
      CHECK(std::abs(mixed - p.h_nt) <= 1e-6);
    }
    // The force is continuous across pieces: checked along lines, in small steps.
    for (int line = 0; line < 20; ++line) {
      const double turn = rng.uniform(-physics::pi, physics::pi), h = 1e-3;
      const double n0 = rng.uniform(-1, 1), t0 = rng.uniform(-1, 1);
      Penalty before = penalty(c, n0, t0);
      for (int k = 1; k < 1000; ++k) {
        const Penalty p = penalty(c, n0 + k * h * std::cos(turn), t0 + k * h * std::sin(turn));
        CHECK(std::hypot(p.g_n - before.g_n, p.g_t - before.g_t) <= 8 * c.D * h);
        before = p;
      }
    }
    CHECK(std::count_if(met.begin(), met.end(), [](int count) { return count > 0; }) >=
          (kind == Kind::one_sided ? 2 : 3));
  }
}

TEST_CASE("Newton ends at the minimum, and forces obey their laws") {
  Rng rng(3, Stream::test);
  int touching = 0, most_steps = 0;
  for (const Model* model : {&CheetahRun::cheetah_model(), &Walker::walker_model()})
    for (int k = 0; k < 300; ++k) {
      const test::PlanarState s = low_state(*model, rng);
      std::array<double, max_dofs> control{};
      for (double& u : control) u = rng.uniform(-1, 1);
      const Moment now(*model, s, control);
      touching += now.contacts.count > 0 ? 1 : 0;
      most_steps = std::max(most_steps, now.steps);
      // Stationary: M (a - a0) is the force of the constraints.
      Vector r, Mr;
      double scale = 1, residual = 0;
      for (int i = 0; i < now.n; ++i) r[i] = now.a[i] - now.a0[i];
      multiply(now.M, now.n, r, Mr);
      for (int i = 0; i < now.n; ++i) {
        scale = std::max(scale, std::abs(now.force[i]));
        residual = std::max(residual, std::abs(Mr[i] - now.force[i]));
      }
      CHECK(residual <= 1e-10 * scale);
      // Minimal: no direction decreases the value.
      const double least = now.objective(now.a);
      for (int trial = 0; trial < 8; ++trial) {
        Vector x;
        for (int i = 0; i < now.n; ++i) x[i] = now.a[i] + rng.uniform(-1, 1);
        CHECK(now.objective(x) >= least * (1 - 1e-12));
      }
      // Complementary: a contact pushes within its cone, or it has no force.
      for (int i = 0; i < now.constraints.count; ++i) {
        const Constraint& c = now.constraints.list[i];
        const double y_n = dot(c.n, now.a, now.n) - c.ref_n, y_t = dot(c.t, now.a, now.n) - c.ref_t;
        const Penalty p = penalty(c, y_n, y_t);
        if (c.kind == Kind::crossed) continue;
        CHECK(-p.g_n >= 0);
        CHECK(std::abs(p.g_t) <= -c.mu * p.g_n * (1 + 1e-12) + 1e-12);
        if (c.kind != Kind::pyramid) continue;
        // Each edge: force f >= 0, softened acceleration y + R f >= 0, and never both.
        for (const double side : {1.0, -1.0}) {
          const double y = y_n + side * c.mu * y_t, f = std::max(0.0, -c.D * y);
          CHECK(std::abs(std::min(f / c.D, y + f / c.D)) <= 1e-12 * (1 + std::abs(y)));
        }
      }
    }
  CHECK(touching > 200);
  CHECK(most_steps < 30);
}

TEST_CASE("a resting ball sinks in to the depth given by its weight") {
  // Three edges of stiffness D, D and 2 D push with K d r each: 4 D K d r = m g (pyramid, mu = 1).
  // The ellipse has one normal of stiffness D.
  for (const Cone cone : {Cone::pyramidal, Cone::elliptic}) {
    const Model model = ball_model(1, cone);
    Simulation sim(model);
    sim.set_state(std::array{0.0, 0.1, 0.0, 0.0});
    for (int k = 0; k < 3000; ++k) sim.step(std::array{0.0, 0.0});
    const double depth = 0.1 - sim.q()[1], m = model.total_mass, w = 2 / (3 * m), tc = 0.02;
    const double d = impedance({}, depth), K = 1 / (0.95 * 0.95 * tc * tc), R = w * (1 - d) / d;
    const double stiffness = cone == Cone::elliptic ? 1 / R : 4 / (R * 2 * (1 + 1));
    CHECK(stiffness * K * d * depth == doctest::Approx(m * 9.81).epsilon(1e-9));
    CHECK(std::abs(sim.v()[1]) <= 1e-12);
    CHECK(sim.touching());
  }
}

TEST_CASE("friction holds a ball up to mu times its weight") {
  // Pushed by 50 u along x. Below the limit it rests; above it slides, and friction is mu times the
  // normal force: m dv_x = F dt - side mu (m dv_z + m g dt), whether or not it hops.
  for (const Cone cone : {Cone::pyramidal, Cone::elliptic}) {
    const Model model = ball_model(0.5, cone);
    const double m = model.total_mass, limit = 0.5 * m * 9.81;  // 20.5 N
    const auto gain = [&](double force) {
      Simulation sim(model);
      sim.set_state(std::array{0.0, 0.0999, 0.0, 0.0});
      for (int k = 0; k < 1000; ++k) sim.step(std::array{force / 50, 0.0});
      const Vec before{sim.v()[0], sim.v()[1]};
      for (int k = 0; k < 1000; ++k) sim.step(std::array{force / 50, 0.0});
      return Vec{sim.v()[0], sim.v()[1]} - before;
    };
    CHECK(std::abs(gain(0.8 * limit).x) <= 1e-6);
    for (const double side : {1.0, -1.0}) {
      const Vec dv = gain(side * 1.8 * limit);
      const double ground = m * (dv.z + 9.81);  // N s per second
      CHECK(ground > 0.9 * m * 9.81);
      CHECK(m * dv.x == doctest::Approx(side * (1.8 * limit - 0.5 * ground)).epsilon(1e-9));
    }
  }
}

TEST_CASE("frictionless ground does not slow a body") {
  const Model model = ball_model(0);
  Simulation sim(model);
  sim.set_state(std::array{0.0, 0.0999, 1.7, 0.0});
  for (int k = 0; k < 1000; ++k) sim.step(std::array{0.0, 0.0});
  CHECK(sim.touching());
  CHECK(sim.v()[0] == 1.7);
  CHECK(sim.q()[0] == doctest::Approx(1.7).epsilon(1e-12));
}

TEST_CASE("a single limit is the soft stop of the other tasks") {
  Table table = test::ball_table();
  table.gravity = 0;
  table.ground.reset();
  table.bodies[0].joints[0].range = Range{-1, 0.2};
  const Model model = compile(table);
  const physics::SoftStop stop{0.02};
  Rng rng(4, Stream::test);
  for (int k = 0; k < 200; ++k) {
    const double depth = rng.uniform(0, 0.002), v = rng.uniform(-1, 1), u = rng.uniform(-1, 1);
    const double free = 50 * u / model.total_mass;
    Simulation sim(model);
    sim.set_state(std::array{0.2 + depth, 0.0, v, 0.0});
    sim.step(std::array{u, 0.0});
    const double expected = v + 0.001 * stop.acceleration(depth, v, free, 1);
    CHECK(sim.v()[0] == doctest::Approx(expected).epsilon(1e-12));
    sim.set_state(std::array{-1 - depth, 0.0, -v, 0.0});
    sim.step(std::array{-u, 0.0});
    CHECK(sim.v()[0] == doctest::Approx(-expected).epsilon(1e-12));
  }
}

TEST_CASE("dry friction in a hinge slows a spinner evenly and then holds it") {
  const Model& model = FingerSpin::finger_model();
  Simulation sim(model);
  sim.set_state(std::array{-1.5, 0.0, 0.0, 0.0, 0.0, 4.0});
  const double J = 1 / model.dof[2].inverse_weight;
  sim.step(std::array{0.0, 0.0});
  const double h = 0.01, b = 0.03;  // 0.1 N m of friction beside the damper
  CHECK(sim.v()[2] == doctest::Approx(4 - h * (0.1 + b * 4) / (J + h * b)).epsilon(1e-12));
  for (int k = 0; k < 1000; ++k) sim.step(std::array{0.0, 0.0});
  CHECK(std::abs(sim.v()[2]) <= 1e-12);
}

TEST_CASE("the rope's row is the derivative of its length, and it holds") {
  const Model& model = CupCatch::cup_model();
  Rng rng(5, Stream::test);
  for (int k = 0; k < 100; ++k) {
    const test::PlanarState s = test::random_planar_state(model, rng);
    Vector row, unused;
    rope_row(model, test::kinematics_of(model, s), model.tether[0], row);
    for (int j = 0; j < model.dofs; ++j) {
      test::PlanarState up = s, down = s;
      up.q[j] += 1e-6, down.q[j] -= 1e-6;
      const double rate =
          (rope_row(model, test::kinematics_of(model, up), model.tether[0], unused) -
           rope_row(model, test::kinematics_of(model, down), model.tether[0], unused)) /
          2e-6;
      CHECK(std::abs(rate - row[j]) <= 1e-8);
    }
  }
  // Hanging at rest the ball pulls the cup down: both weights on the springs, the rope hardly
  // longer.
  Simulation sim(model);
  sim.set_state(std::array{0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0});
  for (int k = 0; k < 5000; ++k) sim.step(std::array{0.0, 0.0});
  CHECK(sim.q()[1] == doctest::Approx(-model.total_mass * 9.81 / 20).epsilon(1e-6));
  const double length = 0.6 + sim.q()[1] - 0.108 - 0.2 - sim.q()[3];
  CHECK(length > 0.3);
  CHECK(length < 0.301);
}

TEST_CASE("crossed capsules lose their relative motion") {
  // Two bars that cross like a plus sign: no motion in the plane separates them.
  Table table;
  table.gravity = 0;
  for (const char* name : {"a", "b"}) {
    Geom bar = capsule(name, {-0.3, 0}, {0.3, 0}, 0.05);
    if (name[0] == 'b') bar = capsule(name, {0, -0.3}, {0, 0.3}, 0.05);
    table.bodies.push_back({.name = name,
                            .joints = {{.name = name + std::string("x"), .axis = Axis::slide_x},
                                       {.name = name + std::string("z"), .axis = Axis::slide_z}},
                            .geoms = {bar}});
  }
  const Model model = compile(table);
  Simulation sim(model);
  sim.set_state(std::array{0.0, 0.0, 0.0, 0.0, 0.5, 0.2, -0.5, 0.0});
  Contacts contacts;
  find_contacts(model, sim.kinematics(), contacts);
  REQUIRE(contacts.count == 1);
  CHECK(contacts.list[0].crossed);
  CHECK(contacts.list[0].distance == doctest::Approx(-0.1));
  for (int k = 0; k < 50; ++k) sim.step({});
  CHECK(std::abs(sim.v()[0] - sim.v()[2]) <= 0.05);  // from 1 m/s relative to each other
}

TEST_CASE("a fall to the ground converges with the step") {
  // A bouncing rod: the positions after 0.4 s approach those of a much finer step, in first
  // order.
  const auto run = [](int steps) {
    Table table = test::ball_table(0.6);
    table.bodies[0].joints.push_back({.name = "turn", .axis = Axis::hinge});
    table.bodies[0].geoms = {capsule("rod", {-0.3, 0}, {0.3, 0}, 0.05)};
    table.timestep = 0.4 / steps;
    const Model model = compile(table);
    Simulation sim(model);
    sim.set_state(std::array{0.0, 0.25, 0.3, 0.5, 0.0, 1.0});
    for (int k = 0; k < steps; ++k) sim.step(std::array{0.0, 0.0});
    return test::state_vector(sim);
  };
  const std::vector<double> truth = run(102400);
  const auto error = [&](int steps) {
    const std::vector<double> end = run(steps);
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) sum += (end[i] - truth[i]) * (end[i] - truth[i]);
    return std::sqrt(sum);
  };
  // The phase at which a step meets the ground varies, so single errors scatter below the bound.
  for (const int steps : {100, 400, 1600, 6400, 25600}) {
    CAPTURE(steps);
    CHECK(error(steps) <= 0.12 / steps);
  }
  CHECK(error(100) > 1e-4);  // the bound binds
}
