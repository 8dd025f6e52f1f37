// SPDX-License-Identifier: Apache-2.0
//
// Where a Verilated model that counts its lines leaves the counts; only in builds with COVERAGE=1.
#ifndef TOE_SIM_COVERAGE_FILE_H
#define TOE_SIM_COVERAGE_FILE_H

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "verilated_cov.h"

// Writes a new file in the folder that COVERAGE_DIR of the environment names, if it names one.
static inline void coverage_write(VerilatedContext &context) {
  static unsigned files;
  const char *folder = std::getenv("COVERAGE_DIR");
  char path[4096];

  if (folder == nullptr) return;
  // The address tells the libraries of one process apart.
  std::snprintf(path, sizeof path, "%s/%ld.%p.%u.dat", folder, static_cast<long>(getpid()),
                static_cast<void *>(&files), files);
  files++;
  context.coveragep()->write(path);
}

#endif
