#include "apps/common/report/pictures.hpp"

#include "apps/common/files/sheet.hpp"
#include "autograd/base/error.hpp"
#include "rssm/preprocess.hpp"

namespace planet {
namespace {

Image true_frame(const Episode& episode, std::ptrdiff_t t) {
  const auto n = static_cast<std::size_t>(episode.image_size);
  const std::span<const std::uint8_t> all(episode.image);
  return Image(static_cast<int>(n), static_cast<int>(n),
               all.subspan(static_cast<std::size_t>(t) * n * n * 3, n * n * 3));
}

}  // namespace

std::vector<Image> reconstruct(const WorldModel& model, const Episode& episode,
                               std::uint64_t seed) {
  // Substreams that no evaluation episode uses.
  Rng dequantise(seed, Stream::evaluate, 0xFFFFFFFE), posterior(seed, Stream::evaluate, 0xFFFFFFFF);
  Tape tape(model.precision(), Mode::inference);
  const Window whole{&episode, 0, episode.rows()};
  const Sequence sequence =
      make_sequence(tape, std::span(&whole, 1), model.config(), dequantise, posterior);
  const std::span<const float> decoded = model.elbo(sequence).predicted.image.value<float>();
  const auto n = static_cast<std::size_t>(episode.image_size);
  std::vector<Image> images;
  std::vector<std::uint8_t> bytes(n * n * 3);
  for (std::ptrdiff_t t = 0; t < episode.rows(); ++t) {
    postprocess(decoded.data() + static_cast<std::size_t>(t) * bytes.size(),
                static_cast<std::ptrdiff_t>(bytes.size()), model.config().image_bits, bytes.data());
    images.emplace_back(static_cast<int>(n), static_cast<int>(n), bytes);
  }
  return images;
}

Image reconstruction_sheet(std::span<const Episode* const> episodes,
                           std::span<const std::vector<Image>> decoded, const std::string& title,
                           int columns) {
  require(!episodes.empty(), "a sheet needs at least one episode");
  SheetOptions options;
  options.title = title;
  options.scale = episodes.front()->image_size >= 64 ? 1 : 2;
  std::vector<SheetRow> rows;
  for (std::size_t k = 0; k < episodes.size(); ++k) {
    SheetRow truth{"true", {}}, model{"model", {}};
    const std::ptrdiff_t last = episodes[k]->rows() - 1;
    const std::ptrdiff_t count = std::min<std::ptrdiff_t>(columns, last + 1);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const std::ptrdiff_t t = count == 1 ? 0 : i * last / (count - 1);
      truth.images.push_back(true_frame(*episodes[k], t));
      model.images.push_back(decoded[k][static_cast<std::size_t>(t)]);
      if (rows.empty()) options.columns.push_back(std::to_string(t));
    }
    rows.push_back(std::move(truth));
    rows.push_back(std::move(model));
  }
  return contact_sheet(rows, options);
}

Image reconstruction_sheet(const WorldModel& model, std::span<const Episode> episodes,
                           std::uint64_t seed, const std::string& title, int columns) {
  std::vector<const Episode*> each;
  std::vector<std::vector<Image>> decoded;
  for (const Episode& episode : episodes) {
    each.push_back(&episode);
    decoded.push_back(reconstruct(model, episode, seed));
  }
  return reconstruction_sheet(each, decoded, title, columns);
}

}  // namespace planet
