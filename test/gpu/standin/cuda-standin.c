/*
 * A CUDA runtime without a GPU, for one question: which nodes of a graph does the CUDA provider of ONNX Runtime take?
 *
 * Memory is the host's, copies are real and counted, kernels are counted and not executed, so that no number that comes
 * out of a run means anything. The device claims to be of compute capability 9.0. build.sh makes from this file every
 * library that the provider links to, and adds a function that answers "success" for each symbol that has none here.
 *
 * Offsets of structures are those of CUDA 13.0's driver_types.h.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, OUT_OF_MEMORY = 2 };
enum { HOST_TO_DEVICE = 1, DEVICE_TO_HOST = 2 };

#ifdef STANDIN_CUDART

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t launches, live, peak, up_bytes, up_copies, down_bytes, down_copies;

/* Sizes of live allocations stand before them: 256 bytes, the alignment of device memory. */
static int take(void **out, size_t size) {
  char *block = NULL;
  if (posix_memalign((void **)&block, 256, size + 256) != 0) return OUT_OF_MEMORY;
  memset(block, 0, size + 256);
  memcpy(block, &size, sizeof size);
  pthread_mutex_lock(&lock);
  live += size;
  if (live > peak) peak = live;
  pthread_mutex_unlock(&lock);
  *out = block + 256;
  return SUCCESS;
}

static int give(void *pointer) {
  if (pointer == NULL) return SUCCESS;
  size_t size;
  char *block = (char *)pointer - 256;
  memcpy(&size, block, sizeof size);
  pthread_mutex_lock(&lock);
  live -= size;
  pthread_mutex_unlock(&lock);
  free(block);
  return SUCCESS;
}

static int copy(void *to, const void *from, size_t size, int kind) {
  memcpy(to, from, size);
  pthread_mutex_lock(&lock);
  if (kind == HOST_TO_DEVICE) up_bytes += size, up_copies++;
  if (kind == DEVICE_TO_HOST) down_bytes += size, down_copies++;
  pthread_mutex_unlock(&lock);
  /* Numbers that decide how often a loop runs are garbage like all others, unless they are given. */
  const char *trips = getenv("STANDIN_TRIPS");
  if (trips != NULL && kind == DEVICE_TO_HOST) {
    int64_t count = atoi(trips);
    if (size == sizeof count) memcpy(to, &count, sizeof count);
    if (size == 1) *(char *)to = 1;
  }
  return SUCCESS;
}

static int launch(void) {
  pthread_mutex_lock(&lock);
  launches++;
  pthread_mutex_unlock(&lock);
  return SUCCESS;
}

/* Handles only have to differ from null. */
static int handle(void **out) {
  static char object;
  *out = &object;
  return SUCCESS;
}

__attribute__((destructor)) static void report(void) {
  if (getenv("STANDIN_REPORT") == NULL) return;
  fprintf(stderr,
          "{\"standin\":{\"launches\":%llu,\"peakBytes\":%llu,\"upBytes\":%llu,\"upCopies\":%llu,"
          "\"downBytes\":%llu,\"downCopies\":%llu}}\n",
          (unsigned long long)launches, (unsigned long long)peak, (unsigned long long)up_bytes,
          (unsigned long long)up_copies, (unsigned long long)down_bytes, (unsigned long long)down_copies);
}

int cudaMalloc(void **out, size_t size) { return take(out, size); }
int cudaMallocHost(void **out, size_t size) { return take(out, size); }
int cudaHostAlloc(void **out, size_t size, unsigned flags) { return take(out, size); }
int cudaMallocFromPoolAsync(void **out, size_t size, void *pool, void *stream) { return take(out, size); }
int cudaFree(void *pointer) { return give(pointer); }
int cudaFreeHost(void *pointer) { return give(pointer); }
int cudaFreeAsync(void *pointer, void *stream) { return give(pointer); }

int cudaMemcpy(void *to, const void *from, size_t size, int kind) { return copy(to, from, size, kind); }
int cudaMemcpyAsync(void *to, const void *from, size_t size, int kind, void *stream) {
  return copy(to, from, size, kind);
}
int cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height,
                      int kind, void *stream) {
  for (size_t row = 0; row < height; row++)
    copy((char *)to + row * to_pitch, (const char *)from + row * from_pitch, width, kind);
  return SUCCESS;
}
int cudaMemcpyFromSymbol(void *to, const void *symbol, size_t size, size_t offset, int kind) {
  memset(to, 0, size);
  return SUCCESS;
}
int cudaMemset(void *pointer, int value, size_t size) { return memset(pointer, value, size), SUCCESS; }
int cudaMemsetAsync(void *pointer, int value, size_t size, void *stream) {
  return memset(pointer, value, size), SUCCESS;
}
int cudaMemGetInfo(size_t *available, size_t *total) {
  *total = (size_t)80 << 30;
  *available = *total - live;
  return SUCCESS;
}

int cudaGetDeviceCount(int *count) { return *count = 1, SUCCESS; }
int cudaGetDevice(int *device) { return *device = 0, SUCCESS; }
int cudaRuntimeGetVersion(int *version) { return *version = 13000, SUCCESS; }
int cudaDriverGetVersion(int *version) { return *version = 13000, SUCCESS; }

static void put(char *properties, size_t offset, uint32_t value) {
  memcpy(properties + offset, &value, sizeof value);
}
static void put_size(char *properties, size_t offset, uint64_t value) {
  memcpy(properties + offset, &value, sizeof value);
}
int cudaGetDeviceProperties(char *p, int device) {
  memset(p, 0, 1008);
  strcpy(p, "CUDA stand-in");
  put_size(p, 288, (uint64_t)80 << 30); /* totalGlobalMem */
  put_size(p, 296, 49152);              /* sharedMemPerBlock */
  put(p, 304, 65536);                   /* regsPerBlock */
  put(p, 308, 32);                      /* warpSize */
  put(p, 320, 1024);                    /* maxThreadsPerBlock */
  put(p, 324, 1024), put(p, 328, 1024), put(p, 332, 64);
  put(p, 336, 2147483647), put(p, 340, 65535), put(p, 344, 65535);
  put_size(p, 352, 65536); /* totalConstMem */
  put(p, 360, 9);          /* major */
  put(p, 384, 132);        /* multiProcessorCount */
  put(p, 560, 1);          /* concurrentKernels */
  put(p, 588, 1);          /* unifiedAddressing */
  put(p, 596, 52428800);   /* l2CacheSize */
  put(p, 604, 2048);       /* maxThreadsPerMultiProcessor */
  put_size(p, 624, 233472); /* sharedMemPerMultiprocessor */
  put(p, 632, 65536);      /* regsPerMultiprocessor */
  put_size(p, 672, 232448); /* sharedMemPerBlockOptin */
  put(p, 688, 32);         /* maxBlocksPerMultiProcessor */
  return SUCCESS;
}
int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  static const struct { int attribute, value; } known[] = {
      {1, 1024},  /* threads per block */
      {5, 2147483647}, /* grid x */
      {8, 49152}, /* shared memory per block */
      {10, 32},   /* warp */
      {16, 132},  /* multiprocessors */
      {39, 2048}, /* threads per multiprocessor */
      {75, 9},    {76, 0}, /* compute capability */
      {81, 233472}, {97, 232448}, {106, 32},
  };
  *value = 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].attribute == attribute) *value = known[i].value;
  return SUCCESS;
}
int cudaFuncGetAttributes(char *attributes, const void *function) {
  memset(attributes, 0, 144);
  put(attributes, 24, 1024); /* maxThreadsPerBlock */
  put(attributes, 28, 32);   /* numRegs */
  put(attributes, 32, 90);   /* ptxVersion */
  put(attributes, 36, 90);   /* binaryVersion */
  return SUCCESS;
}
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *count, const void *function, int threads,
                                                           size_t shared, unsigned flags) {
  return *count = 2, SUCCESS;
}

const char *cudaGetErrorString(int error) { return error == SUCCESS ? "no error" : "out of memory"; }
const char *cudaGetErrorName(int error) { return error == SUCCESS ? "cudaSuccess" : "cudaErrorMemoryAllocation"; }

int cudaStreamCreate(void **out) { return handle(out); }
int cudaStreamCreateWithFlags(void **out, unsigned flags) { return handle(out); }
int cudaEventCreate(void **out) { return handle(out); }
int cudaEventCreateWithFlags(void **out, unsigned flags) { return handle(out); }
int cudaEventElapsedTime(float *ms, void *start, void *end) { return *ms = 1, SUCCESS; }
int cudaMemPoolCreate(void **out, const void *properties) { return handle(out); }
int cudaMemPoolGetAttribute(void *pool, int attribute, uint64_t *value) { return *value = 0, SUCCESS; }
int cudaStreamIsCapturing(void *stream, int *status) { return *status = 0, SUCCESS; }
int cudaStreamEndCapture(void *stream, void **graph) { return handle(graph); }
int cudaGraphInstantiate(void **out, void *graph, unsigned long long flags) { return handle(out); }
int cudaLibraryLoadData(void **out) { return handle(out); }
int cudaLibraryGetKernel(void **out) { return handle(out); }
int __cudaGetKernel(void **out, const void *function) { return handle(out); }
int cudaLaunchHostFunc(void *stream, void (*function)(void *), void *data) { return function(data), SUCCESS; }

static int driver_entry(void) { return SUCCESS; }
int cudaGetDriverEntryPointByVersion(const char *symbol, void **function, unsigned version, unsigned long long flags,
                                     int *status) {
  *function = (void *)driver_entry;
  if (status != NULL) *status = 0;
  return SUCCESS;
}

void **__cudaRegisterFatBinary(void *binary) {
  static void *registered;
  return &registered;
}

int cudaLaunchKernel(void) { return launch(); }
int cudaLaunchKernelExC(void) { return launch(); }
int __cudaLaunchKernel(void) { return launch(); }

/* A launch passes its grid from the caller to the kernel's own launcher through these two. */
struct dim3 { unsigned x, y, z; };
static __thread struct { struct dim3 grid, block; size_t shared; void *stream; } pending;
int __cudaPushCallConfiguration(struct dim3 grid, struct dim3 block, size_t shared, void *stream) {
  pending.grid = grid, pending.block = block, pending.shared = shared, pending.stream = stream;
  return SUCCESS;
}
int __cudaPopCallConfiguration(struct dim3 *grid, struct dim3 *block, size_t *shared, void **stream) {
  *grid = pending.grid, *block = pending.block, *shared = pending.shared, *stream = pending.stream;
  return SUCCESS;
}
#endif

#if defined STANDIN_CUBLAS || defined STANDIN_CUBLASLT
static int object(void **out) {
  static uint64_t shared[32];
  *out = shared;
  return SUCCESS;
}
#endif

#ifdef STANDIN_CUBLAS
int cublasCreate_v2(void **out) {
  const char *tf32 = getenv("NVIDIA_TF32_OVERRIDE");
  if (getenv("STANDIN_REPORT") != NULL) fprintf(stderr, "{\"tf32Override\":\"%s\"}\n", tf32 == NULL ? "" : tf32);
  return object(out);
}
int cublasGetMathMode(void *cublas, int *mode) { return *mode = 0, SUCCESS; }
const char *cublasGetStatusName(int status) { return "CUBLAS_STATUS_SUCCESS"; }
const char *cublasGetStatusString(int status) { return "success"; }
#endif

#ifdef STANDIN_CUBLASLT
int cublasLtCreate(void **out) { return object(out); }
int cublasLtMatmulDescCreate(void **out) { return object(out); }
int cublasLtMatrixLayoutCreate(void **out) { return object(out); }
int cublasLtMatrixTransformDescCreate(void **out) { return object(out); }
int cublasLtMatmulPreferenceCreate(void **out) { return object(out); }
int cublasLtMatmulAlgoGetHeuristic(void *lt, void *operation, void *a, void *b, void *c, void *d, void *preference,
                                   int wanted, void *results, int *found) {
  memset(results, 0, 96);
  return *found = 1, SUCCESS;
}
#endif
