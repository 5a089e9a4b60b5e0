//! Makes `pthread_cond_signal` and `pthread_cond_broadcast` do nothing, in a forked child.
//!
//! V8 posts tasks to its worker threads, which do not exist in the child. glibc (before 2.41) then waits, inside
//! `pthread_cond_signal`, for ghosts to leave a group of waiters, forever in up to one child of six. Nobody waits in the child,
//! so the calls can be left out: in each loaded object, the slots of the global offset table that lead to the two functions
//! are pointed at one that does nothing.
//!
//! Source: System V ABI, chapter 5 (dynamic section), and its supplements for x86-64 and AArch64 (relocation types).

#![allow(unsafe_code, reason = "relocation tables of loaded objects are read, and their slots written, by address")]

use std::ffi::{CStr, c_char, c_int, c_void};

const DT_NULL: i64 = 0;
const DT_PLTRELSZ: i64 = 2;
const DT_STRTAB: i64 = 5;
const DT_SYMTAB: i64 = 6;
const DT_RELA: i64 = 7;
const DT_RELASZ: i64 = 8;
const DT_JMPREL: i64 = 23;

#[cfg(target_arch = "x86_64")]
const SLOT_TYPES: [u32; 2] = [6, 7]; // R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT
#[cfg(target_arch = "aarch64")]
const SLOT_TYPES: [u32; 2] = [1025, 1026]; // R_AARCH64_GLOB_DAT, R_AARCH64_JUMP_SLOT

/// `Elf64_Dyn`.
#[repr(C)]
struct Dynamic {
    tag: i64,
    value: usize,
}

/// `Elf64_Rela`.
#[repr(C)]
struct Relocation {
    offset: usize,
    info: u64,
    addend: i64,
}

unsafe extern "C" fn nothing(_condition: *mut c_void) -> c_int {
    0
}

/// Patches every loaded object. Slots whose page cannot be made writable stay as they are.
pub(in crate::fork) fn silence() {
    // SAFETY: the callback matches dl_iterate_phdr's type and keeps nothing.
    unsafe { libc::dl_iterate_phdr(Some(patch_object), std::ptr::null_mut()) };
}

unsafe extern "C" fn patch_object(info: *mut libc::dl_phdr_info, _size: usize, _data: *mut c_void) -> c_int {
    // SAFETY: the dynamic linker hands a valid record to its callback.
    let info = unsafe { &*info };
    let base = usize::try_from(info.dlpi_addr).unwrap_or(0);
    // SAFETY: the linker says where the program headers are and how many.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let Some(header) = headers.iter().find(|header| header.p_type == libc::PT_DYNAMIC) else { return 0 };
    let Ok(offset) = usize::try_from(header.p_vaddr) else { return 0 };
    let tables = Tables::read(base, base.wrapping_add(offset));
    // The kernel's own object has tables that are not relocated, and none of relocations.
    if tables.symbols == 0 || tables.strings == 0 {
        return 0;
    }
    for (start, bytes) in [(tables.plt, tables.plt_bytes), (tables.rela, tables.rela_bytes)] {
        if start != 0 {
            tables.patch(base, start, bytes / size_of::<Relocation>());
        }
    }
    0
}

#[derive(Default)]
struct Tables {
    symbols: usize,
    strings: usize,
    plt: usize,
    plt_bytes: usize,
    rela: usize,
    rela_bytes: usize,
}

impl Tables {
    fn read(base: usize, dynamic: usize) -> Self {
        let mut tables = Self::default();
        // glibc has replaced offsets by addresses; musl has not.
        let address = |value: usize| if value < base { base + value } else { value };
        let mut entry: *const Dynamic = std::ptr::with_exposed_provenance(dynamic);
        loop {
            // SAFETY: the dynamic section is mapped for as long as its object, and ends with DT_NULL.
            let Dynamic { tag, value } = unsafe { entry.read() };
            match tag {
                DT_NULL => return tables,
                DT_SYMTAB => tables.symbols = address(value),
                DT_STRTAB => tables.strings = address(value),
                DT_JMPREL => tables.plt = address(value),
                DT_PLTRELSZ => tables.plt_bytes = value,
                DT_RELA => tables.rela = address(value),
                DT_RELASZ => tables.rela_bytes = value,
                _ => {}
            }
            // SAFETY: not the last one yet, so the next is within the section.
            entry = unsafe { entry.add(1) };
        }
    }

    fn patch(&self, base: usize, start: usize, count: usize) {
        let first: *const Relocation = std::ptr::with_exposed_provenance(start);
        // SAFETY: the dynamic section says where the table is and how long; it is mapped and not written.
        let relocations = unsafe { std::slice::from_raw_parts(first, count) };
        for Relocation { offset, info, .. } in relocations {
            let [kind, symbol] = [*info & 0xffff_ffff, *info >> 32].map(|half| u32::try_from(half).unwrap_or(0));
            if SLOT_TYPES.contains(&kind)
                && matches!(self.name(symbol), b"pthread_cond_signal" | b"pthread_cond_broadcast")
            {
                overwrite(base + offset);
            }
        }
    }

    /// The name of a symbol of the table.
    fn name(&self, symbol: u32) -> &[u8] {
        let Ok(index) = usize::try_from(symbol) else { return b"" };
        let symbols: *const libc::Elf64_Sym = std::ptr::with_exposed_provenance(self.symbols);
        // SAFETY: relocations name symbols of their own object's table only.
        let Ok(offset) = usize::try_from(unsafe { (*symbols.add(index)).st_name }) else { return b"" };
        let strings: *const c_char = std::ptr::with_exposed_provenance(self.strings);
        // SAFETY: a symbol's name is a C string within its object's string table.
        unsafe { CStr::from_ptr(strings.add(offset)) }.to_bytes()
    }
}

/// Points a slot at [`nothing`]. After linking, slots are read-only (RELRO); this is a child about to end, so they stay writable.
fn overwrite(slot: usize) {
    let page_bytes = rustix::param::page_size();
    let page = std::ptr::with_exposed_provenance_mut::<c_void>(slot & !(page_bytes - 1));
    // SAFETY: the slot's page is mapped; it only becomes writable in addition. It holds data, never code.
    if unsafe { libc::mprotect(page, page_bytes, libc::PROT_READ | libc::PROT_WRITE) } == 0 {
        let slot: *mut usize = std::ptr::with_exposed_provenance_mut(slot);
        // SAFETY: an aligned slot of a pointer's size, writable since the line above; no other thread exists.
        unsafe { slot.write_volatile(nothing as unsafe extern "C" fn(*mut c_void) -> c_int as usize) };
    }
}
