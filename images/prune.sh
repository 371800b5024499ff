#!/bin/sh
# Remove from a site-packages folder what no run reads. docs/image.md says what each saves; the
# container tests judge a whole solution with what is left.
set -eu
cd "$1"

# Packages' own tests. `testing` stays: it is API, and numpy's and pandas' is imported at run time.
find . -type d -name tests -prune -exec rm -rf {} +
# For type checkers and C compilers.
find . -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.h' -o -name '*.hpp' \
  -o -name '*.c' -o -name '*.cc' -o -name '*.cpp' -o -name '*.a' \) -delete
rm -rf pyarrow/include pyarrow/src
# Arrow over gRPC: the one large module that nothing else of Arrow links to (they do link to Substrait).
rm -f pyarrow/libarrow_flight.so* pyarrow/libarrow_python_flight.so* pyarrow/_flight.*.so \
  pyarrow/_pyarrow_cpp_tests.*.so
# Converting and quantizing models; the runtime is in capi/.
rm -rf onnxruntime/transformers onnxruntime/tools onnxruntime/quantization onnxruntime/datasets
