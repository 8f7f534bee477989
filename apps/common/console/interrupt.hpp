// Ctrl-C: the first one asks the program to stop at the next safe place, the second ends it at
// once.
//
//   SIGINT, SIGTERM   ask to stop; the second ends the process at once, with status 130
//   SIGHUP, SIGXCPU   (the terminal closes, the CPU time is used up) ask to stop
//   SIGPIPE, SIGXFSZ  (the reader of the log went away, a file may not grow) are ignored: the write
//                     fails, which ends a result with a sentence and no run
//
// What the parent ignores stays ignored: SIGHUP under nohup, SIGINT in a script's background job.
#pragma once

namespace planet {

/// From now on these signals set a flag instead of ending the process.
void catch_interrupts();
/// Called when the second signal ends the process: it leaves a terminal as it was, and may do only what
/// a signal handler may. At most four.
void undo_at_once(void (*undo)());
/// Was the flag set? Loops ask after each update and each decision.
bool interrupted();

/// The exit status of a run that was stopped by a signal, its state saved.
inline constexpr int status_interrupted = 130;

}  // namespace planet
