/* SPDX-License-Identifier: MIT */
/* A few frames that guests may share with the hypervisor, with a count of the references taken. */
#include "host.h"

#include <string.h>

#include "lib/errno.h"
#include "pv/page_type.h"

#define FRAMES 8

static unsigned char memory[FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static struct page_info infos[FRAMES];

unsigned char *host_directmap = memory[0];
struct page_info *frame_table = infos;
int host_frame_refs;

void *host_frame(unsigned int n, domid_t owner)
{
	infos[n].owner = owner;
	return memset(memory[n], 0, PAGE_SIZE);
}

struct page_info *get_page_from_mfn(mfn_t mfn, uint16_t domid)
{
	if (mfn >= FRAMES || infos[mfn].owner != domid)
		return NULL;
	host_frame_refs++;
	return &infos[mfn];
}

int get_page_type(struct page_info *page, uint32_t type)
{
	(void)type;
	return page->type ? -EINVAL : 0; /* in use as a table */
}

void put_page(struct page_info *page)
{
	(void)page;
	host_frame_refs--;
}

void put_page_and_type(struct page_info *page)
{
	put_page(page);
}
