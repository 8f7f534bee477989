// Parameters and the optimiser's moments, to a file and back. (The layout: safetensors.hpp.)
//
//   model.safetensors       each parameter under its own name
//   optimizer.safetensors   "m/<name>" and "v/<name>" per parameter, and Adam's step count in the
//                           metadata as "adam_steps"
//
// Loading is all or nothing: the file must have exactly the store's names and shapes, or one error
// lists everything that is missing, unexpected or different, and the store stays as it was.
#pragma once

#include <filesystem>

#include "autograd/param.hpp"
#include "nn/adam.hpp"
#include "nn/files/safetensors.hpp"

namespace planet {

/// Error, and nothing is written: a value that is not finite.
void save_params(const std::filesystem::path& path, const ParamStore& store,
                 const Metadata& metadata = {});
/// Returns the file's metadata. The file of an f32 model loads exactly into an f64 one (to check
/// the gradients of a trained model); the reverse would round and is an error, as is a value that
/// is not finite.
Metadata load_params(const std::filesystem::path& path, ParamStore& store);

/// The moments of every parameter, and adam.steps().
void save_optimizer(const std::filesystem::path& path, const Adam& adam,
                    const Metadata& metadata = {});
Metadata load_optimizer(const std::filesystem::path& path, Adam& adam);

}  // namespace planet
