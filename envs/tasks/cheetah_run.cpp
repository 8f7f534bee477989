#include "envs/tasks/cheetah_run.hpp"

#include <limits>

#include "envs/physics.hpp"

namespace planet {

using namespace planar;

namespace {

constexpr double top_speed = 10;  // m/s
constexpr int settling_steps = 200;
constexpr double thick = 0.046;  // radius of every part

Joint leg_joint(std::string name, Range range, double stiffness, double damping) {
  return {.name = std::move(name),
          .axis = Axis::hinge,
          .range = range,
          .stiffness = stiffness,
          .damping = damping,
          .armature = 0.1};
}

Geom part(std::string name, Vec middle, double half_length, double degrees) {
  Geom geom = capsule(std::move(name), segment_at(middle, half_length, degrees), thick);
  geom.friction = 0.4;
  return geom;
}

Table cheetah_table() {
  Table world;
  world.timestep = 0.01;
  world.total_mass = 14;
  world.ground = Ground{};
  world.bodies = {
      {.name = "torso",
       .pos = {0, 0.7},
       .joints = {{.name = "rootx", .axis = Axis::slide_x},
                  {.name = "rootz", .axis = Axis::slide_z},
                  {.name = "rooty", .axis = Axis::hinge}},
       .geoms = {part("torso", {0, 0}, 0.5, 90), part("head", {0.6, 0.1}, 0.15, 50)}},
      {.name = "bthigh",
       .parent = "torso",
       .pos = {-0.5, 0},
       .joints = {leg_joint("bthigh", {-30, 60}, 240, 6)},
       .geoms = {part("bthigh", {0.1, -0.13}, 0.145, -218)}},
      {.name = "bshin",
       .parent = "bthigh",
       .pos = {0.16, -0.25},
       .joints = {leg_joint("bshin", {-50, 50}, 180, 4.5)},
       .geoms = {part("bshin", {-0.14, -0.07}, 0.15, -116)}},
      {.name = "bfoot",
       .parent = "bshin",
       .pos = {-0.28, -0.14},
       .joints = {leg_joint("bfoot", {-230, 50}, 120, 3)},
       .geoms = {part("bfoot", {0.03, -0.097}, 0.094, -15)}},
      {.name = "fthigh",
       .parent = "torso",
       .pos = {0.5, 0},
       .joints = {leg_joint("fthigh", {-57, 0.40}, 180, 4.5)},
       .geoms = {part("fthigh", {-0.07, -0.12}, 0.133, 30)}},
      {.name = "fshin",
       .parent = "fthigh",
       .pos = {-0.14, -0.24},
       .joints = {leg_joint("fshin", {-70, 50}, 120, 3)},
       .geoms = {part("fshin", {0.065, -0.09}, 0.106, -34)}},
      {.name = "ffoot",
       .parent = "fshin",
       .pos = {0.13, -0.18},
       .joints = {leg_joint("ffoot", {-28, 28}, 60, 1.5)},
       .geoms = {part("ffoot", {0.045, -0.07}, 0.07, -34)}},
  };
  world.motors = {{"bthigh", 120}, {"bshin", 90}, {"bfoot", 60},
                  {"fthigh", 90},  {"fshin", 60}, {"ffoot", 30}};
  return world;
}

}  // namespace

const Model& CheetahRun::cheetah_model() {
  static const Model model = compile(cheetah_table());
  return model;
}

CheetahRun::CheetahRun() : PlanarTask(cheetah_model(), 1) {}

// Joints start anywhere between their limits; then the body falls and settles before the episode.
void CheetahRun::start(Rng& rng) {
  start_anywhere(rng, false);
  settle(settling_steps);
}

double CheetahRun::reward() const {
  const double speed = com_velocity(model(), simulation().kinematics()).x;
  return physics::tolerance(speed, top_speed, std::numeric_limits<double>::infinity(), top_speed,
                            physics::Falloff::linear, 0);
}

void CheetahRun::draw(Scene& scene) const {
  scene.clear();
  scene.look_at({at(0, {}).x, 0.6}, 2.6);
  draw_striped_ground(scene);
  for (int i = 0; i < model().solids; ++i) {
    const Model::Solid& solid = model().solid[i];
    scene.capsule(at(solid.link, solid.from), at(solid.link, solid.to), 0.075, palette::body);
  }
}

EnvSpec cheetah_run_spec() {
  EnvSpec spec;
  spec.name = "cheetah_run";
  spec.description = "run to the right on two legs, as fast as possible";
  spec.time_limit = 1000;
  spec.action_repeat = 4;
  spec.dt = 0.01;
  spec.view = 2.6;
  spec.max_return = 1000;
  spec.scale = ScoreScale{{13, 5, 100}, {767, 38, 2}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<CheetahRun>();
  };
  return spec;
}

}  // namespace planet
