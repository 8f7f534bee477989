#include "envs/tasks/cup_catch.hpp"

#include <array>
#include <cmath>

#include "envs/physics.hpp"

namespace planet {

using namespace planar;

namespace {

constexpr int cup = 0, ball = 1;  // bodies, in the order of the table
constexpr Vec underside{0, -0.108}, target{0, -0.05};
constexpr double target_half = 0.05, ball_radius = 0.025, rod_radius = 0.008;

Table cup_table() {
  Table world;
  world.timestep = 0.002;
  world.ground = Ground{};
  world.bodies = {
      {.name = "cup",
       .pos = {0, 0.6},
       .joints = {{.name = "cup_x", .axis = Axis::slide_x, .stiffness = 20, .damping = 3},
                  {.name = "cup_z", .axis = Axis::slide_z, .stiffness = 20, .damping = 3}},
       .geoms = {capsule("rod0", {-0.05, 0}, {-0.05, -0.075}, rod_radius),
                 capsule("rod1", {-0.05, -0.075}, {-0.025, -0.1}, rod_radius),
                 capsule("rod2", {-0.025, -0.1}, {0.025, -0.1}, rod_radius),
                 capsule("rod3", {0.025, -0.1}, {0.05, -0.075}, rod_radius),
                 capsule("rod4", {0.05, -0.075}, {0.05, 0}, rod_radius)}},
      {.name = "ball",
       .pos = {0, 0.2},
       .joints = {{.name = "ball_x", .axis = Axis::slide_x},
                  {.name = "ball_z", .axis = Axis::slide_z}},
       .geoms = {{.name = "ball", .shape = Shape::ball, .radius = ball_radius}}},
  };
  world.ropes = {{.from = "ball", .to = "cup", .to_pos = underside, .length = 0.3}};
  world.motors = {{"cup_x", 5}, {"cup_z", 5}};
  return world;
}

}  // namespace

const Model& CupCatch::cup_model() {
  static const Model model = compile(cup_table());
  return model;
}

CupCatch::CupCatch(std::string name, Reward kind)
    : PlanarTask(cup_model(), /*physics_steps=*/10), name_(std::move(name)), kind_(kind) {}

// The ball's position is resampled until it touches nothing; a taut rope does not count.
void CupCatch::start(Rng& rng) {
  do {
    const double x = rng.uniform(-0.2, 0.2), z = rng.uniform(0.2, 0.5);
    set_state(std::array{0.0, 0.0, x, z, 0.0, 0.0, 0.0, 0.0});
  } while (simulation().touching());
}

double CupCatch::reward() const {
  const Vec to_target = simulation().point(cup, target) - simulation().point(ball, {});
  constexpr double room = target_half - ball_radius;
  const bool inside = std::abs(to_target.x) < room && std::abs(to_target.z) < room;
  if (inside) return 1;
  if (kind_ == Reward::sparse) return 0;
  return 0.5 * physics::tolerance(std::sqrt(dot(to_target, to_target)), 0, room, 0.3);
}

// Rods and ball are drawn larger than they are: 2 pixels at 32 x 32. The rope is always a straight
// line, as in MuJoCo's picture, so whether it is taut must be inferred.
void CupCatch::draw(Scene& scene) const {
  scene.clear();
  scene.look_at({0, 0.4}, 0.9);
  scene.half_plane({0, 0}, {0, 1}, palette::floor);
  scene.capsule(at(cup, underside), at(ball, {}), 0.006, palette::rail);
  for (int i = 0; i < model().solids; ++i) {
    const Model::Solid& rod = model().solid[i];
    if (rod.link == cup) scene.capsule(at(cup, rod.from), at(cup, rod.to), 0.014, palette::agent);
  }
  scene.disc(at(ball, {}), 0.032, palette::tip);
}

namespace {

EnvSpec spec_of_cup() {
  EnvSpec spec;
  spec.time_limit = 1000;
  spec.action_repeat = 4;
  spec.dt = 0.02;
  spec.view = 0.9;
  spec.max_return = 1000;
  return spec;
}

}  // namespace

EnvSpec cup_catch_spec() {
  EnvSpec spec = spec_of_cup();
  spec.name = "cup_catch";
  spec.description = "swing a ball on a rope into the cup it hangs from";
  spec.scale = ScoreScale{{21, 80, 100}, {993, 0, 2}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<CupCatch>();
  };
  return spec;
}

EnvSpec cup_catch_r6_spec() {
  EnvSpec spec = spec_of_cup();
  spec.name = "cup_catch_r6";
  spec.description = "cup_catch with six control steps a decision, easier to plan";
  spec.action_repeat = 6;
  spec.scale = ScoreScale{{83, 177, 100}, {954, 33, 3}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<CupCatch>("cup_catch_r6");
  };
  return spec;
}

EnvSpec cup_catch_shaped_spec() {
  EnvSpec spec = spec_of_cup();
  spec.name = "cup_catch_shaped";
  spec.description = "cup_catch with a reward that grows as the ball comes near";
  spec.scale = ScoreScale{{82, 87, 100}, {986, 16, 3}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<CupCatch>("cup_catch_shaped", CupCatch::Reward::shaped);
  };
  return spec;
}

}  // namespace planet
