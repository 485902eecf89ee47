/* SPDX-License-Identifier: MIT */
/*
 * Builds dom0 from module 0, a kernel as ELF file with Xen notes (public/elfnote.h), and module 1,
 *its initramfs. Pseudo-physical memory is laid out like this, the first part mapped at the kernel's
 * virtual base:
 *
 *	0 .. kernel | [initramfs] | [p2m] | start_info | page tables | stack | room || p2m |
 *initramfs
 *
 * The initramfs and the p2m array stand behind the mapped part if the kernel's notes allow it
 * (MOD_START_PFN, INIT_P2M); the latter is then mapped at the address that the note gives, by
 *tables that follow it. Single-threaded, at boot only; failures are panics.
 */
#include "boot/boot.h"
#include "boot/dom0_memory.h"
#include "boot/dom0_tables.h"
#include "console/console.h"
#include "core/domain.h"
#include "core/panic.h"
#include "cpu/cpumask.h"
#include "cpu/msr.h"
#include "grant/grant.h"
#include "irq/madt.h"
#include "lib/elf.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/heap.h"
#include "mm/page.h"
#include "pv/iomem.h"
#include "pv/mmu.h"
#include "pv/page_type.h"
#include "pv/port_io.h"

#include <public/features.h>

#define ROOM_MIN        (512ul << 10) /* mapped bytes behind the stack that the kernel may count on */
#define MAPPED_ALIGN    (4ul << 20)
#define P2M_ENTRY_SIZE  sizeof(uint64_t)
#define CURRENT_MAGIC   "xen-3.0-x86_64"
#define DOM0_EVTCHN_MAX 4095u

/* Where things are, as frame numbers; what is not there has a count of 0. */
struct layout {
	uint64_t virt_base; /* virtual address of pfn 0 */
	uint64_t initrd, initrd_count;
	uint64_t p2m, p2m_count, p2m_va;
	uint64_t p2m_tables, p2m_tables_count; /* of a p2m that is mapped on its own */
	uint64_t start_info, tables, tables_count, stack;
	uint64_t mapped_end, end;
};

static uint64_t pages_of(uint64_t bytes)
{
	return DIV_ROUND_UP(bytes, (uint64_t)PAGE_SIZE);
}

static void read_kernel(const struct boot_module *mod, struct elf_image *elf,
			struct elf_xen_notes *notes)
{
	const char *error = elf_parse(maddr_to_virt(mod->start), mod->end - mod->start, elf);

	if (error)
		panic("dom0 kernel (module 1): %s; give it as an uncompressed vmlinux\n", error);
	error = elf_xen_notes(elf, notes);
	if (error)
		panic("dom0 kernel (module 1): %s\n", error);
	if (notes->supported_features[0] && !(notes->supported_features[0] & 1u << XENFEAT_dom0))
		panic("dom0 kernel (module 1): it is not built to be dom0 (CONFIG_XEN_DOM0)\n");
	if (elf->pstart < notes->paddr_offset || notes->virt_base % PAGE_SIZE ||
	    !is_canonical(notes->virt_base) || !is_canonical(notes->init_p2m))
		panic("dom0 kernel (module 1): bad addresses in its Xen notes\n");
}

/* Frame numbers up to the end of the mapped part, which needs tables for itself. */
static void lay_out_mapped(struct layout *l)
{
	uint64_t bytes, needed;

	l->tables_count = 1;
	for (;;) {
		l->stack = l->tables + l->tables_count;
		bytes = ROUND_UP(((l->stack + 1) << PAGE_SHIFT) + ROOM_MIN, MAPPED_ALIGN);
		needed = 1 + dom0_tables_needed(l->virt_base, l->virt_base + bytes);
		if (needed <= l->tables_count)
			break;
		l->tables_count = needed;
	}
	l->mapped_end = bytes >> PAGE_SHIFT;
}

static void lay_out(struct layout *l, const struct elf_image *elf,
		    const struct elf_xen_notes *notes, uint64_t initrd_bytes, uint64_t pages)
{
	uint64_t next = pages_of(elf->pend - notes->paddr_offset);

	l->virt_base = notes->virt_base;
	l->initrd_count = pages_of(initrd_bytes);
	l->p2m_count = pages_of(pages * P2M_ENTRY_SIZE);
	if (!notes->mod_start_pfn) {
		l->initrd = next;
		next += l->initrd_count;
	}
	if (!notes->has_init_p2m) {
		l->p2m = next;
		l->p2m_va = l->virt_base + (next << PAGE_SHIFT);
		next += l->p2m_count;
	}
	l->start_info = next;
	l->tables = next + 1;
	lay_out_mapped(l);
	next = l->mapped_end;
	if (notes->has_init_p2m) {
		l->p2m = next;
		l->p2m_va = notes->init_p2m;
		l->p2m_tables = l->p2m + l->p2m_count;
		l->p2m_tables_count =
			dom0_tables_needed(l->p2m_va, l->p2m_va + (l->p2m_count << PAGE_SHIFT));
		next = l->p2m_tables + l->p2m_tables_count;
	}
	if (notes->mod_start_pfn) {
		l->initrd = next;
		next += l->initrd_count;
	}
	l->end = next;
	if (l->end > pages)
		panic("dom0 needs at least %lu MiB of memory and has %lu: raise dom0_mem=\n",
		      (l->end >> 8) + 1, pages >> 8);
}

static void load_kernel(const struct elf_image *elf, const struct elf_xen_notes *notes)
{
	unsigned int i, n = elf_segment_count(elf);
	struct elf_segment s;

	for (i = 0; i < n; i++) {
		uint64_t gpa;

		if (!elf_segment_get(elf, i, &s))
			continue;
		gpa = s.paddr - notes->paddr_offset;
		dom0_write(gpa, s.data, s.filesz);
		dom0_write(gpa + s.filesz, NULL, s.memsz - s.filesz);
	}
}

static void fill_hypercall_page(const struct layout *l, const struct elf_xen_notes *notes)
{
	uint64_t offset = notes->hypercall_page - l->virt_base;

	if (!notes->has_hypercall_page)
		return; /* it makes system calls of its own */
	if (offset % PAGE_SIZE || offset >> PAGE_SHIFT >= l->start_info)
		panic("dom0 kernel (module 1): its hypercall page lies outside it\n");
	hypercall_page_init(dom0_pfn_ptr(offset >> PAGE_SHIFT));
}

/* The tables, and vCPU 0's base: from here on the hypervisor's ordinary rules hold for them. */
static mfn_t make_tables(const struct layout *l)
{
	uint64_t p2m_end = l->p2m_va + (l->p2m_count << PAGE_SHIFT);
	struct dom0_tables t;
	uint64_t pfn;

	dom0_tables_init(&t, l->tables, l->tables_count);
	for (pfn = 0; pfn < l->mapped_end; pfn++)
		dom0_tables_map(&t, l->virt_base + (pfn << PAGE_SHIFT), pfn,
				pfn < l->tables || pfn >= l->tables + l->tables_count);
	if (l->p2m_tables_count) {
		dom0_tables_more(&t, l->p2m_tables, l->p2m_tables_count);
		for (pfn = l->p2m; pfn < l->p2m + l->p2m_count; pfn++)
			dom0_tables_map(&t, p2m_end - ((l->p2m + l->p2m_count - pfn) << PAGE_SHIFT),
					pfn, true);
	}
	return dom0_pfn_to_mfn(l->tables);
}

static void pin_tables(const struct domain *d, mfn_t l4)
{
	struct page_info *page = mfn_to_page(l4);
	int rc;

	do
		rc = get_page_and_type_preemptible(page, d->domain_id, PGT_L4);
	while (rc == -ERESTART);
	if (rc)
		panic("dom0's initial page tables are not valid\n");
	__atomic_fetch_or(&page->type, PGT_PINNED, __ATOMIC_SEQ_CST);
}

static void fill_start_info(const struct domain *d, const struct layout *l, uint64_t pages,
			    const struct elf_xen_notes *notes, uint64_t initrd_bytes)
{
	struct start_info *si = dom0_pfn_ptr(l->start_info);

	memset(si, 0, PAGE_SIZE);
	strlcpy(si->magic, CURRENT_MAGIC, sizeof(si->magic));
	si->nr_pages = pages;
	si->shared_info = virt_to_maddr(d->shared_info);
	si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	si->pt_base = l->virt_base + (l->tables << PAGE_SHIFT);
	si->nr_pt_frames = l->tables_count;
	si->mfn_list = l->p2m_va;
	if (l->p2m_tables_count) {
		si->first_p2m_pfn = l->p2m;
		si->nr_p2m_frames = l->p2m_count + l->p2m_tables_count;
	}
	if (initrd_bytes) {
		si->mod_len = initrd_bytes;
		si->mod_start = l->virt_base + (l->initrd << PAGE_SHIFT);
		if (notes->mod_start_pfn) {
			si->flags |= SIF_MOD_START_PFN;
			si->mod_start = l->initrd;
		}
	}
	if (strlcpy((char *)si->cmd_line, boot_info.module[0].cmdline, sizeof(si->cmd_line)) >=
	    sizeof(si->cmd_line))
		pr_warn("dom0's command line is cut to %zu characters\n", sizeof(si->cmd_line) - 1);
}

static void start_vcpu(struct domain *d, const struct layout *l, uint64_t entry, mfn_t l4)
{
	struct vcpu_guest_context *c = xzalloc(struct vcpu_guest_context);
	int rc;

	if (!c)
		panic("no memory to build dom0\n");
	c->flags = VGCF_in_kernel | VGCF_online;
	c->user_regs.rip = entry;
	c->user_regs.rsp = l->virt_base + ((l->stack + 1) << PAGE_SHIFT);
	c->user_regs.rsi = l->virt_base + (l->start_info << PAGE_SHIFT);
	c->user_regs.rflags = EFLAGS_IF;
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = c->user_regs.rsp;
	c->ctrlreg[3] = xen_pfn_to_cr3(l4);
	rc = vcpu_set_context(d->vcpu[0], c);
	if (rc)
		panic("dom0's first vCPU cannot be set up: error %d\n", rc);
	xfree(c);
	d->vcpu[0]->vcpu_info->evtchn_upcall_mask = 1;
	clear_bit(VPF_DOWN, &d->vcpu[0]->pause_flags);
}

static struct domain *create_domain(uint64_t pages)
{
	unsigned int i, vcpus = cpumask_weight(&cpu_online_map);
	struct domain_config config = {
		.is_privileged = true,
		.is_hardware = true,
		.max_evtchn_port = DOM0_EVTCHN_MAX,
		.max_grant_frames = GRANT_FRAMES_DEFAULT,
		.max_maptrack_frames = MAPTRACK_FRAMES_DEFAULT,
	};
	struct domain *d;
	int rc;

	if (boot_options.dom0_max_vcpus)
		vcpus = boot_options.dom0_max_vcpus;
	config.max_vcpus = min(max(vcpus, 1u), (unsigned int)MAX_VCPUS);
	rc = domain_create(0, &config, &d);
	for (i = 0; !rc && i < config.max_vcpus; i++)
		rc = vcpu_create(d, i, NULL);
	if (!rc && !d->ioport_denied)
		rc = port_io_domain_init(d);
	if (rc)
		panic("dom0 cannot be created: error %d\n", rc);
	d->max_pages = boot_options.dom0_mem_max ? boot_options.dom0_mem_max >> PAGE_SHIFT : pages;
	return d;
}

/* The interrupt controllers' registers are the hypervisor's. */
static void init_device_memory(void)
{
	unsigned int i;

	iomem_init();
	for (i = 0; i < madt.ioapics; i++)
		iomem_deny(madt.ioapic[i].address >> PAGE_SHIFT,
			   madt.ioapic[i].address >> PAGE_SHIFT);
}

struct domain *dom0_build(void)
{
	const struct boot_module *initrd = boot_info.modules > 1 ? &boot_info.module[1] : NULL;
	uint64_t initrd_bytes = initrd ? initrd->end - initrd->start : 0, pages;
	struct elf_xen_notes notes;
	struct layout l = { 0 };
	struct elf_image elf;
	struct domain *d;
	mfn_t l4;

	if (!boot_info.modules)
		panic("no dom0 kernel: the boot loader must give it as the first module\n");
	read_kernel(&boot_info.module[0], &elf, &notes);
	init_device_memory();
	pages = dom0_memory_pages();
	lay_out(&l, &elf, &notes, initrd_bytes, pages);
	d = create_domain(pages);
	dom0_memory_alloc(d, pages);

	load_kernel(&elf, &notes);
	fill_hypercall_page(&l, &notes);
	if (initrd)
		dom0_write(l.initrd << PAGE_SHIFT, maddr_to_virt(initrd->start), initrd_bytes);
	dom0_write_p2m(l.p2m);
	dom0_write(l.stack << PAGE_SHIFT, NULL, PAGE_SIZE);
	l4 = make_tables(&l);
	fill_start_info(d, &l, pages, &notes, initrd_bytes);
	dom0_memory_free_list();

	pin_tables(d, l4);
	start_vcpu(d, &l, notes.entry, l4);
	pr_info("dom0: %lu MiB, %u vCPUs, kernel %lu KiB, initramfs %lu KiB\n", pages >> 8,
		d->max_vcpus, (elf.pend - elf.pstart) >> 10, initrd_bytes >> 10);
	return d;
}
