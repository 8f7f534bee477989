#include "envs/tasks/walker.hpp"

#include <array>
#include <limits>

#include "envs/physics.hpp"

namespace planet {

using namespace planar;

namespace {

constexpr int torso = 0, first_left = 4;  // bodies: the torso, the right leg's three, the left's
constexpr double stand_height = 1.2;      // metres

Joint leg_joint(std::string name, Vec pos, Range range) {
  return {.name = std::move(name),
          .axis = Axis::hinge_down,
          .pos = pos,
          .range = range,
          .damping = 0.1,
          .armature = 0.01,
          .solimp = {0, 0.99, 0.01}};
}

// The walker's parts collide with the floor but not with each other.
Geom part(std::string name, Vec middle, double radius, double half_length, double degrees) {
  Geom geom = capsule(std::move(name), segment_at(middle, half_length, degrees), radius);
  geom.friction = 0.7;
  geom.conaffinity = 0;
  return geom;
}

void add_leg(const std::string& side, Table& world) {
  world.bodies.push_back({.name = side + "_thigh",
                          .parent = "torso",
                          .pos = {0, -0.3},
                          .joints = {leg_joint(side + "_hip", {0, 0}, {-20, 100})},
                          .geoms = {part(side + "_thigh", {0, -0.225}, 0.05, 0.225, 0)}});
  world.bodies.push_back({.name = side + "_leg",
                          .parent = side + "_thigh",
                          .pos = {0, -0.7},
                          .joints = {leg_joint(side + "_knee", {0, 0.25}, {-150, 0})},
                          .geoms = {part(side + "_leg", {0, 0}, 0.04, 0.25, 0)}});
  world.bodies.push_back({.name = side + "_foot",
                          .parent = side + "_leg",
                          .pos = {0.06, -0.25},
                          .joints = {leg_joint(side + "_ankle", {-0.06, 0}, {-45, 45})},
                          .geoms = {part(side + "_foot", {0, 0}, 0.05, 0.1, 90)}});
  world.motors.push_back({side + "_hip", 100});
  world.motors.push_back({side + "_knee", 50});
  world.motors.push_back({side + "_ankle", 20});
}

Table walker_table() {
  Table world;
  world.timestep = 0.0025;
  world.ground = Ground{.friction = 0.7};
  world.bodies = {{.name = "torso",
                   .pos = {0, 1.3},
                   .joints = {{.name = "rootz", .axis = Axis::slide_z},
                              {.name = "rootx", .axis = Axis::slide_x},
                              {.name = "rooty", .axis = Axis::hinge}},
                   .geoms = {part("torso", {0, 0}, 0.07, 0.3, 0)}}};
  add_leg("right", world);
  add_leg("left", world);
  return world;
}

}  // namespace

const Model& Walker::walker_model() {
  static const Model model = compile(walker_table());
  return model;
}

Walker::Walker(std::string name, double speed)
    : PlanarTask(walker_model(), /*physics_steps=*/10), name_(std::move(name)), speed_(speed) {}

double Walker::reward() const {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Frame& frame = simulation().kinematics().frame[torso];
  const double standing =
      physics::tolerance(frame.origin.z, stand_height, infinity, stand_height / 2);
  const double upright = (1 + frame.cos) / 2;
  const double stand = (3 * standing + upright) / 4;
  if (speed_ == 0) return stand;
  const double moving =
      physics::tolerance(com_velocity(model(), simulation().kinematics()).x, speed_, infinity,
                         speed_ / 2, physics::Falloff::linear, 0.5);
  return stand * (5 * moving + 1) / 6;
}

// The left leg is the far one: dark, and behind the torso.
void Walker::draw(Scene& scene) const {
  scene.clear();
  scene.look_at({at(torso, {}).x, 0.8}, 2.6);
  draw_striped_ground(scene);
  const auto paint = [&](int link, const Rgb& color) {
    const Model::Solid& solid = model().solid[link];  // a body, a capsule
    scene.capsule(at(link, solid.from), at(link, solid.to), solid.radius + 0.03, color);
  };
  for (int link = first_left; link < model().links; ++link) paint(link, palette::far_leg);
  for (int link = torso; link < first_left; ++link) paint(link, palette::body);
}

namespace {

EnvSpec spec_of_walker() {
  EnvSpec spec;
  spec.time_limit = 1000;
  spec.action_repeat = 2;
  spec.dt = 0.025;
  spec.view = 2.6;
  spec.max_return = 1000;
  return spec;
}

}  // namespace

EnvSpec walker_stand_spec() {
  EnvSpec spec = spec_of_walker();
  spec.name = "walker_stand";
  spec.description = "stand up on two legs and stay";
  spec.scale = ScoreScale{{134, 15, 200}, {966, 6, 3}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<Walker>("walker_stand", 0);
  };
  return spec;
}

EnvSpec walker_walk_spec() {
  EnvSpec spec = spec_of_walker();
  spec.name = "walker_walk";
  spec.description = "stand up on two legs and walk to the right";
  spec.scale = ScoreScale{{40, 7, 100}, {967, 4, 3}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<Walker>("walker_walk", 1);
  };
  return spec;
}

EnvSpec walker_walk_r4_spec() {
  EnvSpec spec = walker_walk_spec();
  spec.name = "walker_walk_r4";
  spec.description = "walker_walk with actions held for four control steps";
  spec.action_repeat = 4;
  spec.scale = ScoreScale{{48, 12, 100}, {832, 12, 4}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<Walker>("walker_walk_r4", 1);
  };
  return spec;
}

EnvSpec walker_run_spec() {
  EnvSpec spec = spec_of_walker();
  spec.name = "walker_run";
  spec.description = "stand up on two legs and run to the right, up to 8 m/s";
  spec.scale = ScoreScale{{25, 3, 200}, {403, 11, 3}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<Walker>("walker_run", 8);
  };
  return spec;
}

}  // namespace planet
