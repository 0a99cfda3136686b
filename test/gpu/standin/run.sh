#!/bin/bash
# Asks the real CUDA provider of a kit, on a stand-in runtime and without a GPU, where every program's nodes go.
# usage: bash test/gpu/standin/run.sh KIT BUNDLE     as for test/gpu/run.sh
# Needs gcc, readelf and python3.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kit=$1
bundle=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -f "$kit" ]; then
  python3 -c "import sys, tarfile; tarfile.open(sys.argv[1], 'r:xz').extractall(sys.argv[2])" "$kit" "$work/kit"
  kit=$work/kit
fi
provider=$kit/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so
bash "$here/build.sh" "$provider" "$work/standin" > /dev/null
LD_LIBRARY_PATH="$work/standin" ENTRY=check bash "$here/../run.sh" "$kit" "$bundle"
