#!/bin/bash
# Runs test/gpu/run.ts on a machine with an NVIDIA GPU, without network and without Node.js: both come from a kit.
# usage: bash test/gpu/run.sh KIT BUNDLE [arguments of run]
#   KIT     kit.tar.xz, or the folder that it was unpacked to
#   BUNDLE  what `node test/gpu/bundle.mjs` made
#   PYTHON  variable: the interpreter with PyTorch for the peers, python3 by default
set -euo pipefail
kit=$1
bundle=$2
shift 2
python=${PYTHON:-python3}

if [ -f "$kit" ]; then
  unpacked=${KIT_FOLDER:-$(mktemp -d)}
  [ -d "$unpacked/node_modules" ] || "$python" -c "import sys, tarfile; tarfile.open(sys.argv[1], 'r:xz').extractall(sys.argv[2])" "$kit" "$unpacked"
  kit=$unpacked
fi
kit=$(cd "$kit" && pwd)

# Node.js finds the kit's packages by walking up from where the program lies.
rm -rf "$kit/app"
cp -r "$bundle" "$kit/app"

libraries=$("$python" - <<'PY'
import glob, os, site, sys

bases = set(sys.path + site.getsitepackages() + [site.getusersitepackages()])
print(":".join(sorted({folder for base in bases for folder in glob.glob(os.path.join(base, "nvidia", "*", "lib"))})))
PY
)
usual=/usr/local/cuda/lib64:/usr/local/nvidia/lib64:/usr/local/nvidia/lib
# A folder that was given comes first: it may be the stand-in.
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$libraries:$usual"
# The kit's provider has kernels blanked out that are not needed; loading them all at once would stumble over those.
export CUDA_MODULE_LOADING=LAZY
exec "$kit/bin/node" "$kit/app/${ENTRY:-run}.js" "$@"
