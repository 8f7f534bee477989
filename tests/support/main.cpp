// The one doctest main that every test binary links; it takes seconds to compile, once.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
