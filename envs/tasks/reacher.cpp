#include "envs/tasks/reacher.hpp"

#include <cmath>

#include "envs/physics.hpp"

namespace planet {
namespace {

constexpr double motor = 0.05, damping = 0.01;  // N m at u = 1, N m s

// Links of water, 1000 kg/m^3: the arm a capsule of 0.12, the hand one of 0.10 and a ball, the
// finger, at 0.12. A link's moment is taken about its own joint (parallel axes).
constexpr double radius = 0.01, hand_length = 0.10;
constexpr physics::Inertia arm = physics::capsule(radius, Reacher::link, 1000);
constexpr physics::Inertia hand = physics::capsule(radius, hand_length, 1000);
constexpr physics::Inertia ball = physics::capsule(Reacher::finger_radius, 0, 1000);

constexpr double about(const physics::Inertia& body, double distance) {
  return body.moment + body.mass * distance * distance;
}
constexpr double J2 = about(hand, hand_length / 2) + about(ball, Reacher::link);
constexpr double J1 =
    about(arm, Reacher::link / 2) + (hand.mass + ball.mass) * Reacher::link * Reacher::link;
constexpr double k = Reacher::link * (hand.mass * hand_length / 2 + ball.mass * Reacher::link);

constexpr physics::SoftStop wrist_stop{2 * Reacher::dt};

Vec2 along(Vec2 from, double angle) {
  return {from.x + Reacher::link * std::cos(angle), from.y + Reacher::link * std::sin(angle)};
}

}  // namespace

std::array<double, 3> Reacher::mass_matrix(double cos_q2) {
  return {J1 + J2 + 2 * k * cos_q2, J2 + k * cos_q2, J2};
}

void Reacher::start(Rng& rng) {
  q1_ = rng.uniform(-physics::pi, physics::pi);
  q2_ = rng.uniform(-wrist_limit, wrist_limit);
  w1_ = w2_ = 0;
  const double angle = rng.uniform(0, 2 * physics::pi), distance = rng.uniform(0.05, 0.20);
  target_ = {distance * std::sin(angle), distance * std::cos(angle)};
}

TaskStep Reacher::step(std::span<const double> action, std::span<const double>) {
  const double s = std::sin(q2_), c = std::cos(q2_);
  const auto [m11, m12, m22] = mass_matrix(c);
  const double f1 = motor * action[0] + k * s * (2 * w1_ * w2_ + w2_ * w2_) - damping * w1_;
  double f2 = motor * action[1] - k * s * w1_ * w1_ - damping * w2_;
  if (std::abs(q2_) > wrist_limit) {
    // The stop acts on a2 like a torque on the wrist: (M^-1)_22 = m11 / det per N m.
    constexpr double m11_0 = J1 + J2 + 2 * k, m12_0 = J2 + k;
    constexpr double inverse_0 = m11_0 / (m11_0 * J2 - m12_0 * m12_0);
    const double inverse = m11 / (m11 * m22 - m12 * m12);
    const double free = inverse * (f2 - m12 / m11 * f1);
    const double a2 =
        wrist_stop.within(-wrist_limit, wrist_limit, q2_, w2_, free, inverse_0 / inverse);
    f2 += (a2 - free) / inverse;
  }
  // Friction at the new velocity: dt D on the diagonal.
  const double a = m11 + dt * damping, b = m12, d = m22 + dt * damping, det = a * d - b * b;
  w1_ += dt * (d * f1 - b * f2) / det;
  w2_ += dt * (a * f2 - b * f1) / det;
  q1_ += dt * w1_;
  q2_ += dt * w2_;
  return {reward(), false};
}

Vec2 Reacher::elbow() const { return along({0, 0}, q1_); }
Vec2 Reacher::finger() const { return along(elbow(), q1_ + q2_); }

double Reacher::reward() const {
  const Vec2 p = finger();
  const double dx = p.x - target_.x, dy = p.y - target_.y;
  return physics::tolerance(std::sqrt(dx * dx + dy * dy), 0, target_radius + finger_radius,
                            shaped_ ? 0.2 : 0);
}

// The links are drawn at 1.6 times their radius: 2 pixels at 32 x 32.
void Reacher::draw(Scene& scene) const {
  scene.clear();
  scene.look_at({0, 0}, 0.62);
  scene.disc(target_, target_radius, palette::goal);
  scene.capsule({0, 0}, elbow(), 0.016, palette::body);
  scene.capsule(elbow(), finger(), 0.016, palette::body);
  scene.disc({0, 0}, 0.02, palette::rail);
  scene.disc(finger(), 0.02, palette::tip);
}

std::vector<double> Reacher::state() const { return {q1_, q2_, w1_, w2_, target_.x, target_.y}; }

void Reacher::set_state(std::span<const double> state) {
  q1_ = state[0], q2_ = state[1], w1_ = state[2], w2_ = state[3];
  target_ = {state[4], state[5]};
}

EnvSpec reacher_easy_spec() {
  EnvSpec spec;
  spec.name = "reacher_easy";
  spec.description = "bring the finger of a two-link arm into a target";
  spec.time_limit = 1000;
  spec.action_repeat = 4;
  spec.dt = Reacher::dt;
  spec.view = 0.62;
  spec.max_return = 1000;
  spec.scale = ScoreScale{{49, 57, 100}, {950, 93, 10}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<Reacher>(false);
  };
  return spec;
}

EnvSpec reacher_shaped_spec() {
  EnvSpec spec = reacher_easy_spec();
  spec.name = "reacher_shaped";
  spec.description = "the same arm, also paid for coming near the target";
  spec.scale = ScoreScale{{386, 169, 100}, {989, 8, 5}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<Reacher>(true);
  };
  return spec;
}

}  // namespace planet
