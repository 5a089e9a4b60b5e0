// What Rust's standard library asks of bcryptprimitives.dll, which Debian's wine does not have: random bytes. It needs no C runtime.

#include <stddef.h>

__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *bytes, unsigned long count);

__declspec(dllexport) int __stdcall ProcessPrng(void *bytes, size_t count) {
  return SystemFunction036(bytes, (unsigned long)count);
}

int __stdcall _DllMainCRTStartup(void *module, unsigned long reason, void *reserved) {
  return 1;
}
