#include "envs/tasks/cartpole_swingup.hpp"

#include <algorithm>
#include <cmath>

#include "envs/physics.hpp"

namespace planet {
namespace {

constexpr double cart_mass = 1, pole_mass = 0.1;
constexpr double pole_centre = 0.5;              // from the hinge, metres
constexpr double pole_inertia = 0.009424592767;  // a capsule r = 0.045, L = 1, scaled to 0.1 kg
constexpr double gravity = 9.81, motor = 10;     // m/s^2, N at u = 1
constexpr double cart_damping = 5e-4, hinge_damping = 2e-6;

constexpr double m11 = cart_mass + pole_mass;
constexpr double coupling = pole_mass * pole_centre;  // M12 = coupling cos theta
constexpr double m22 = pole_inertia + pole_mass * pole_centre * pole_centre;

constexpr physics::SoftStop rail_end{0.08};

}  // namespace

CartpoleSwingup::Vector CartpoleSwingup::derivative(const Vector& y, double u) {
  const auto [x, theta, xd, thetad] = y;
  const double s = std::sin(theta), c = std::cos(theta);
  const double m12 = coupling * c;
  const double f1 = motor * u - cart_damping * xd + coupling * thetad * thetad * s;
  const double f2 = coupling * gravity * s - hinge_damping * thetad;

  const double det = m11 * m22 - m12 * m12;
  const double free = (m22 * f1 - m12 * f2) / det;
  // rho: the cart's inverse inertia m22 / det at theta = 0 divided by the current one.
  constexpr double det_upright = m11 * m22 - coupling * coupling;
  constexpr double end = CartpoleSwingup::rail;
  const double xdd = rail_end.within(-end, end, x, xd, free, det / det_upright);
  const double thetadd = (f2 - m12 * xdd) / m22;
  return {xd, thetad, xdd, thetadd};
}

double CartpoleSwingup::reward(const Vector& y, double u) {
  using physics::Falloff;
  using physics::tolerance;
  const double upright = (1 + std::cos(y[1])) / 2;
  const double centred = (1 + tolerance(y[0], 0, 0, 2)) / 2;
  const double small_action = (4 + tolerance(u, 0, 0, 1, Falloff::quadratic, 0)) / 5;
  const double slow_pole = (1 + tolerance(y[3], 0, 0, 5)) / 2;
  return upright * centred * small_action * slow_pole;
}

void CartpoleSwingup::start(Rng& rng) {
  for (double& value : y_) value = 0.01 * rng.normal();
  y_[1] += physics::pi;  // hanging
}

TaskStep CartpoleSwingup::step(std::span<const double> action, std::span<const double>) {
  const double u = action[0];
  y_ = physics::rk4_step(y_, dt, [u](const Vector& y) { return derivative(y, u); });
  return {reward(y_, u), false};
}

// The true pole is 0.09 wide, less than a pixel at 32 x 32; it is drawn twice as wide.
void CartpoleSwingup::draw(Scene& scene) const {
  const Vec2 hinge{y_[0], 0};
  const Vec2 tip{hinge.x + std::sin(y_[1]), std::cos(y_[1])};
  scene.clear();
  scene.look_at({0, 0}, 3.6);
  scene.box({0, 0}, {rail, 0.05}, palette::rail);
  scene.box(hinge, {0.26, 0.16}, palette::agent);
  scene.capsule(hinge, tip, 0.09, palette::body);
  scene.disc(tip, 0.13, palette::tip);
}

void CartpoleSwingup::set_state(std::span<const double> state) {
  std::copy(state.begin(), state.end(), y_.begin());
}

EnvSpec cartpole_swingup_spec() {
  EnvSpec spec;
  spec.name = "cartpole_swingup";
  spec.description = "swing a free pole up from a cart on a short rail and balance it";
  spec.time_limit = 1000;
  spec.action_repeat = 8;
  spec.dt = CartpoleSwingup::dt;
  spec.view = 3.6;
  spec.max_return = 1000;
  spec.scale = ScoreScale{{119, 60, 100}, {851, 2, 5}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<CartpoleSwingup>();
  };
  return spec;
}

}  // namespace planet
