#!/bin/bash
# Builds the stand-in for the CUDA libraries that an ONNX Runtime CUDA provider links to (see cuda-standin.c).
# usage: build.sh PROVIDER OUTPUT_FOLDER      PROVIDER: libonnxruntime_providers_cuda.so
# Needs gcc and readelf. Put OUTPUT_FOLDER first on LD_LIBRARY_PATH to use it.
set -euo pipefail
provider=$1
out=$2
source=$(cd "$(dirname "$0")" && pwd)/cuda-standin.c
mkdir -p "$out"

# Each symbol carries the version node of the library that it is expected in.
build() { # library, macro that selects its part of the source
  local library=$1 part=$2 work symbols
  work=$(mktemp -d)
  gcc -O1 -fPIC -w "-D$part" -c "$source" -o "$work/known.o"
  symbols=$(readelf --dyn-syms -W "$provider" | awk -v at="@$library" 'index($8, at) { sub(/@.*/, "", $8); print $8 }')
  nm --defined-only "$work/known.o" | awk '{ print $3 }' | sort > "$work/known"
  for symbol in $(comm -23 <(echo "$symbols" | sort -u) "$work/known"); do
    echo "int $symbol(void) { return 0; }"
  done > "$work/rest.c"
  echo "$library { global: *; };" > "$work/versions"
  gcc -shared -fPIC -w -o "$out/$library" "-Wl,-soname,$library" "-Wl,--version-script,$work/versions" \
    "$work/known.o" "$work/rest.c" -lpthread
  rm -r "$work"
}

build libcudart.so.13 STANDIN_CUDART
build libcublas.so.13 STANDIN_CUBLAS
build libcublasLt.so.13 STANDIN_CUBLASLT
build libcurand.so.10 STANDIN_CURAND
build libcuda.so.1 STANDIN_CUDA
ls -l "$out"
