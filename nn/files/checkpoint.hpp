// Parameters and the optimiser's moments, to a file and back. (The layout: safetensors.hpp.)
//
//   model.safetensors       each parameter under its own name
//   optimizer.safetensors   "m/<name>" and "v/<name>" for each, and Adam's step count in the
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

/// Throws, and writes nothing, if a value is not finite.
template <class T>
void save_params(const std::filesystem::path& path, const ParamStore<T>& store,
                 const Metadata& metadata = {});
/// Returns the file's metadata. A file of a float model loads into a double one, exactly (to check
/// the gradients of a trained model); the other way would round and is an error. So is a value
/// that is not finite.
template <class T>
Metadata load_params(const std::filesystem::path& path, ParamStore<T>& store);

/// The moments of every parameter, and adam.steps().
template <class T>
void save_optimizer(const std::filesystem::path& path, const Adam<T>& adam,
                    const Metadata& metadata = {});
template <class T>
Metadata load_optimizer(const std::filesystem::path& path, Adam<T>& adam);

}  // namespace planet
