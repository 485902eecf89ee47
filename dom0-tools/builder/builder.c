/* SPDX-License-Identifier: MIT */
/*
 * The two halves of building a guest: the plan, made of files alone, and the build, the ordered
 * list of what is done to a domain. Each step undoes its own mappings; the domain's memory goes
 * with the domain.
 */
#include "dom0-tools/builder/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <public/grant_table.h>

#include "dom0-tools/builder/boot_state.h"
#include "dom0-tools/builder/guest_memory.h"
#include "dom0-tools/builder/kernel_cache.h"
#include "dom0-tools/builder/kernel_image.h"
#include "dom0-tools/builder/layout.h"
#include "dom0-tools/builder/page_tables.h"
#include "dom0-tools/builder/pv_kernel.h"
#include "dom0-tools/builder/read_file.h"
#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/privcmd.h"

#define KIB_PER_PAGE    (PV_PAGE_BYTES / 1024)
#define RAMDISK_MAX     ((size_t)1 << 40)
#define MAX_MEM_SLACK   1024u /* KiB that a guest may own beyond its memory, as for grant tables */
#define GRANT_FRAME_MAX UINT32_MAX

struct build_plan {
	struct kernel_image image;
	struct pv_kernel kernel;
	struct pv_layout layout;
};

/* A build under way. */
struct build {
	const struct build_params *params;
	const struct build_plan *plan;
	struct guest_memory memory;
	uint64_t shared_info_mfn;
	struct build_message *msg;
};

static bool has_ramdisk(const struct build_params *params)
{
	return params->ramdisk && *params->ramdisk;
}

static int check_params(const struct build_params *params, struct build_message *msg)
{
	size_t len = params->cmdline ? strlen(params->cmdline) : 0;

	if (!params->kernel || !*params->kernel)
		return build_fail(msg, -EINVAL, "no kernel given; set kernel to the path of one");
	if (len >= MAX_GUEST_CMDLINE)
		return build_fail(
			msg, -E2BIG,
			"the kernel command line is too long: %zu bytes, the limit is %d; "
			"shorten it",
			len, MAX_GUEST_CMDLINE - 1);
	return 0;
}

int build_plan(const struct build_params *params, struct build_plan **result,
	       struct build_message *msg)
{
	struct build_plan *plan;
	size_t ramdisk_bytes = 0;
	int ret = check_params(params, msg);

	if (!ret && has_ramdisk(params))
		ret = stat_file("ramdisk", params->ramdisk, RAMDISK_MAX, &ramdisk_bytes, msg);
	if (ret)
		return ret;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return build_fail(msg, -ENOMEM, "not enough memory in this domain; free some");
	ret = kernel_cache_load(KERNEL_CACHE_DIR, params->kernel, &plan->image, msg);
	if (!ret)
		ret = pv_kernel_parse(params->kernel, plan->image.elf, plan->image.elf_bytes,
				      &plan->kernel, msg);
	if (!ret)
		ret = pv_layout_plan(params->kernel, &plan->kernel, ramdisk_bytes,
				     params->memory_kib / KIB_PER_PAGE, &plan->layout, msg);
	if (ret) {
		build_plan_free(plan);
		return ret;
	}
	*result = plan;
	return 0;
}

void build_plan_free(struct build_plan *plan)
{
	if (!plan)
		return;
	kernel_image_free(&plan->image);
	free(plan);
}

/* For a hypercall of which only the errno is known. */
static int refused(const struct build *b, const char *what, long err)
{
	return build_fail(b->msg, (int)err, "domain %u: the hypervisor refused to %s: %s",
			  b->params->domid, what, error_text(err));
}

static int set_limits(struct build *b)
{
	const struct build_params *params = b->params;
	uint64_t maxmem_kib = params->maxmem_kib > params->memory_kib ? params->maxmem_kib
								      : params->memory_kib;
	int ret = dom_max_mem(b->memory.fd, params->domid, params->memory_kib + MAX_MEM_SLACK);

	if (ret < 0)
		return refused(b, "set its memory limit", ret);
	ret = dom_set_memory_map(b->memory.fd, params->domid, maxmem_kib);
	return ret < 0 ? refused(b, "set its memory map", ret) : 0;
}

/* Kernel bytes for one piece of its region: parts of segments, zeroes around them. */
static int fill_kernel(void *piece, uint64_t at, uint64_t bytes, void *data,
		       struct build_message *msg)
{
	const struct build_plan *plan = data;
	uint64_t start = pv_layout_vaddr(&plan->layout, plan->layout.kernel.pfn) + at;
	uint64_t end = start + bytes, pos = start;
	uint8_t *to = piece;

	(void)msg;
	for (unsigned int i = 0; i < plan->kernel.nr_segments; i++) {
		const struct pv_segment *seg = &plan->kernel.segments[i];
		uint64_t from = seg->vaddr > pos ? seg->vaddr : pos;
		uint64_t until = seg->vaddr + seg->file_bytes < end ? seg->vaddr + seg->file_bytes
								    : end;

		if (from >= until)
			continue;
		memset(to + (pos - start), 0, from - pos);
		memcpy(to + (from - start),
		       plan->image.elf + seg->file_offset + (from - seg->vaddr), until - from);
		pos = until;
	}
	memset(to + (pos - start), 0, end - pos);
	return 0;
}

struct ramdisk_source {
	int fd;
	uint64_t bytes;
	const char *path;
};

static int fill_ramdisk(void *piece, uint64_t at, uint64_t bytes, void *data,
			struct build_message *msg)
{
	const struct ramdisk_source *source = data;
	uint64_t wanted = source->bytes - at < bytes ? source->bytes - at : bytes;
	uint64_t done = 0;

	while (done < wanted) {
		ssize_t got = pread(source->fd, (uint8_t *)piece + done, wanted - done,
				    (off_t)(at + done));
		int err = got < 0 ? errno : EIO;

		if (got < 0 && err == EINTR)
			continue;
		if (got <= 0)
			return build_fail(
				msg, -err, "ramdisk '%s' cannot be read: %s", source->path,
				got < 0 ? error_text(err) : "it became shorter meanwhile");
		done += (uint64_t)got;
	}
	memset((uint8_t *)piece + done, 0, bytes - done);
	return 0;
}

static int load_ramdisk(struct build *b)
{
	const struct pv_layout *layout = &b->plan->layout;
	struct ramdisk_source source = {
		.bytes = layout->ramdisk_bytes,
		.path = b->params->ramdisk,
	};
	int ret;

	if (!layout->ramdisk.pages)
		return 0;
	source.fd = open(source.path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (source.fd < 0)
		return build_fail(b->msg, -errno, "ramdisk '%s' cannot be opened: %s", source.path,
				  error_text(errno));
	ret = guest_memory_fill(&b->memory, &layout->ramdisk, fill_ramdisk, &source, b->msg);
	close(source.fd);
	return ret;
}

static int fill_p2m(void *piece, uint64_t at, uint64_t bytes, void *data, struct build_message *msg)
{
	const struct guest_memory *memory = data;
	uint64_t total = memory->pages * sizeof(memory->p2m[0]);
	uint64_t part = total - at < bytes ? total - at : bytes;

	(void)msg;
	memcpy(piece, (const uint8_t *)memory->p2m + at, part);
	memset((uint8_t *)piece + part, 0, bytes - part);
	return 0;
}

static int fill_start_info(struct build *b)
{
	const struct pv_layout *layout = &b->plan->layout;
	struct start_info *info = guest_memory_map(&b->memory, &layout->start_info, b->msg);

	if (!info)
		return -errno;
	memset(info, 0, PV_PAGE_BYTES);
	boot_state_start_info(info, b->params, layout, b->memory.p2m, b->shared_info_mfn);
	foreign_unmap(info, 1);
	return 0;
}

static int fill_page_tables(struct build *b)
{
	const struct pv_layout *layout = &b->plan->layout;
	uint64_t(*tables)[PV_TABLE_ENTRIES];
	uint64_t(*p2m_tables)[PV_TABLE_ENTRIES] = NULL;

	tables = guest_memory_map(&b->memory, &layout->tables, b->msg);
	if (!tables)
		return -errno;
	if (layout->p2m_tables.pages) {
		p2m_tables = guest_memory_map(&b->memory, &layout->p2m_tables, b->msg);
		if (!p2m_tables) {
			int err = errno;

			foreign_unmap(tables, layout->tables.pages);
			return -err;
		}
		memset(p2m_tables, 0, layout->p2m_tables.pages * PV_PAGE_BYTES);
	}
	memset(tables, 0, layout->tables.pages * PV_PAGE_BYTES);
	page_tables_fill(layout, b->memory.p2m, tables, p2m_tables);
	if (p2m_tables)
		foreign_unmap(p2m_tables, layout->p2m_tables.pages);
	foreign_unmap(tables, layout->tables.pages);
	return 0;
}

static int load_memory(struct build *b)
{
	const struct pv_layout *layout = &b->plan->layout;
	int ret;

	ret = guest_memory_fill(&b->memory, &layout->kernel, fill_kernel,
				(void *)(uintptr_t)b->plan, b->msg);
	if (!ret)
		ret = load_ramdisk(b);
	if (!ret)
		ret = guest_memory_fill(&b->memory, &layout->p2m, fill_p2m, &b->memory, b->msg);
	if (!ret)
		ret = guest_memory_zero(&b->memory, &layout->store, b->msg);
	if (!ret)
		ret = guest_memory_zero(&b->memory, &layout->console, b->msg);
	if (!ret)
		ret = guest_memory_zero(&b->memory, &layout->stack, b->msg);
	if (!ret)
		ret = fill_start_info(b);
	return ret ? ret : fill_page_tables(b);
}

static int init_hypercall_page(struct build *b)
{
	const struct pv_kernel *kernel = &b->plan->kernel;
	uint64_t pfn;
	int ret;

	if (kernel->hypercall_page == PV_ADDR_NONE)
		return 0;
	pfn = (kernel->hypercall_page - kernel->virt_base) >> PV_PAGE_SHIFT;
	ret = dom_hypercall_init(b->memory.fd, b->params->domid, b->memory.p2m[pfn]);
	return ret < 0 ? refused(b, "set up its hypercall page", ret) : 0;
}

/* Lets xenstored and consoled map their rings by the two reserved references. */
static int grant_rings(struct build *b)
{
	const struct pv_layout *layout = &b->plan->layout;
	uint64_t store = b->memory.p2m[layout->store.pfn];
	uint64_t console = b->memory.p2m[layout->console.pfn];
	struct grant_entry_v1 *grants;
	uint64_t mfn;
	int ret = dom_grant_table_frame(b->memory.fd, b->params->domid, &mfn);

	if (ret < 0)
		return refused(b, "set up its grant table", ret);
	/* Entries of version 1 hold 32 bits of frame number: 16 TiB. */
	if (store > GRANT_FRAME_MAX || console > GRANT_FRAME_MAX)
		return refused(b, "grant a ring above 16 TiB", -E2BIG);
	grants = foreign_map(b->memory.fd, b->params->domid, &mfn, 1, PROT_READ | PROT_WRITE);
	if (!grants)
		return refused(b, "map its grant table", -errno);
	grants[GNTTAB_RESERVED_CONSOLE].domid = (domid_t)b->params->console_domid;
	grants[GNTTAB_RESERVED_CONSOLE].frame = (uint32_t)console;
	grants[GNTTAB_RESERVED_CONSOLE].flags = GTF_permit_access;
	grants[GNTTAB_RESERVED_XENSTORE].domid = (domid_t)b->params->store_domid;
	grants[GNTTAB_RESERVED_XENSTORE].frame = (uint32_t)store;
	grants[GNTTAB_RESERVED_XENSTORE].flags = GTF_permit_access;
	foreign_unmap(grants, 1);
	return 0;
}

static int find_shared_info(struct build *b)
{
	struct xen_domctl_getdomaininfo info;
	int ret = dom_getinfo(b->memory.fd, b->params->domid, &info);

	if (ret < 0)
		return refused(b, "tell about it", ret);
	b->shared_info_mfn = info.shared_info_frame;
	return 0;
}

/* A guest starts with its events masked. */
static int init_shared_info(struct build *b)
{
	struct shared_info *shared = foreign_map(b->memory.fd, b->params->domid,
						 &b->shared_info_mfn, 1, PROT_READ | PROT_WRITE);

	if (!shared)
		return refused(b, "map its shared info page", -errno);
	for (int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
		shared->vcpu_info[i].evtchn_upcall_mask = 1;
	foreign_unmap(shared, 1);
	return 0;
}

static int start_vcpu(struct build *b)
{
	struct vcpu_guest_context context;
	uint64_t l4 = b->memory.p2m[b->plan->layout.tables.pfn];
	int ret = dom_mmuext(b->memory.fd, b->params->domid, MMUEXT_PIN_L4_TABLE, l4);

	if (ret < 0)
		return refused(b, "accept its page tables", ret);
	boot_state_vcpu(&context, &b->plan->kernel, &b->plan->layout, b->memory.p2m);
	ret = dom_set_vcpu_context(b->memory.fd, b->params->domid, 0, &context);
	return ret < 0 ? refused(b, "set its first vCPU", ret) : 0;
}

static int run_build(struct build *b)
{
	int ret = set_limits(b);

	if (!ret)
		ret = guest_memory_populate(&b->memory, b->memory.fd, b->params->domid,
					    b->plan->layout.total_pages, b->msg);
	if (!ret)
		ret = find_shared_info(b);
	if (!ret)
		ret = load_memory(b);
	if (!ret)
		ret = init_hypercall_page(b);
	if (!ret)
		ret = grant_rings(b);
	if (!ret)
		ret = init_shared_info(b);
	return ret ? ret : start_vcpu(b);
}

int build_domain(int fd, const struct build_params *params, const struct build_plan *plan,
		 struct build_result *result, struct build_message *msg)
{
	struct build b = { .params = params, .plan = plan, .memory.fd = fd, .msg = msg };
	int ret;

	memset(result, 0, sizeof(*result));
	ret = run_build(&b);
	if (!ret) {
		result->store_mfn = b.memory.p2m[plan->layout.store.pfn];
		result->console_mfn = b.memory.p2m[plan->layout.console.pfn];
		memcpy(result->guest_os, plan->kernel.guest_os, sizeof(result->guest_os));
		memcpy(result->guest_version, plan->kernel.guest_version,
		       sizeof(result->guest_version));
	}
	guest_memory_free(&b.memory);
	return ret;
}
