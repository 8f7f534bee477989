#include "envs/tasks/finger_spin.hpp"

#include <algorithm>

namespace planet {

using namespace planar;

namespace {

constexpr int proximal = 0, distal = 1, spinner = 2;  // bodies, and their joints
constexpr double fast = 15;                           // rad/s

Geom without_contact(Geom geom) {
  geom.contype = geom.conaffinity = 0;
  return geom;
}

// Two discs along y contribute their mass; in the model file they decorate the hinges.
Table finger_table() {
  Table world;
  world.timestep = 0.01;
  world.gravity = 0;
  world.cone = Cone::elliptic;
  world.contact_solimp = {0, 0.9, 0.01};
  world.ground = Ground{};
  world.bodies = {
      {.name = "proximal",
       .pos = {-0.2, 0.4},
       .joints = {{.name = "proximal",
                   .axis = Axis::hinge_down,
                   .range = Range{-110, 110},
                   .ref = -90,
                   .damping = 2.5}},
       .geoms = {{.shape = Shape::disc, .radius = 0.034, .width = 0.066},
                 capsule("proximal", {0, 0}, {0, -0.17}, 0.03)}},
      {.name = "distal",
       .parent = "proximal",
       .pos = {0, -0.18},
       .joints = {{.name = "distal",
                   .axis = Axis::hinge_down,
                   .range = Range{-110, 110},
                   .damping = 2.5}},
       .geoms = {without_contact(capsule("distal", {0, 0}, {0, -0.16}, 0.028)),
                 capsule("fingertip", {0, -0.13}, {0, -0.161}, 0.03)}},
      {.name = "spinner",
       .pos = {0.2, 0.4},
       .joints =
           {{.name = "hinge", .axis = Axis::hinge_down, .damping = 0.03, .frictionloss = 0.1}},
       .geoms = {capsule("cap1", segment_at({0.02, 0}, 0.09, 0), 0.04),
                 capsule("cap2", segment_at({-0.02, 0}, 0.09, 0), 0.04),
                 {.shape = Shape::disc, .radius = 0.02, .width = 0.09}}},
  };
  world.motors = {{"proximal", 30}, {"distal", 15}};
  return world;
}

}  // namespace

const Model& FingerSpin::finger_model() {
  static const Model model = compile(finger_table());
  return model;
}

FingerSpin::FingerSpin(std::string name, Reward kind)
    : PlanarTask(finger_model(), /*physics_steps=*/2), name_(std::move(name)), kind_(kind) {}

void FingerSpin::start(Rng& rng) {
  do start_anywhere(rng, true);
  while (simulation().touching());
}

double FingerSpin::reward() const {
  const double speed = v()[spinner];
  if (kind_ == Reward::shaped) return std::clamp(-speed / fast, 0.0, 1.0);
  return speed <= -fast ? 1 : 0;
}

// The spinner is symmetric under half a turn except for its yellow end.
void FingerSpin::draw(Scene& scene) const {
  scene.clear();
  scene.look_at({0, 0.4}, 0.86);
  for (const double side : {-0.02, 0.02})
    scene.capsule(at(spinner, {side, -0.09}), at(spinner, {side, 0.09}), 0.04, palette::goal);
  scene.disc(at(spinner, {0, 0.09}), 0.045, palette::tip);
  scene.disc(at(spinner, {}), 0.02, palette::rail);
  scene.capsule(at(proximal, {0, 0}), at(proximal, {0, -0.17}), 0.03, palette::body);
  scene.capsule(at(distal, {0, 0}), at(distal, {0, -0.16}), 0.028, palette::body);
  scene.capsule(at(distal, {0, -0.13}), at(distal, {0, -0.161}), 0.03, palette::agent);
}

namespace {

EnvSpec spec_of_finger() {
  EnvSpec spec;
  spec.time_limit = 1000;
  spec.action_repeat = 2;
  spec.dt = 0.02;
  spec.view = 0.86;
  spec.max_return = 1000;
  return spec;
}

}  // namespace

EnvSpec finger_spin_spec() {
  EnvSpec spec = spec_of_finger();
  spec.name = "finger_spin";
  spec.description = "strike a body on a hinge so that it keeps spinning fast";
  spec.scale = ScoreScale{{1, 2, 100}, {667, 37, 3}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<FingerSpin>();
  };
  return spec;
}

EnvSpec finger_spin_shaped_spec() {
  EnvSpec spec = spec_of_finger();
  spec.name = "finger_spin_shaped";
  spec.description = "finger_spin with a reward that grows with the speed";
  spec.scale = ScoreScale{{22, 14, 100}, {735, 26, 3}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<FingerSpin>("finger_spin_shaped", FingerSpin::Reward::shaped);
  };
  return spec;
}

}  // namespace planet
