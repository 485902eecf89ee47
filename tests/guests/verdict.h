/* SPDX-License-Identifier: MIT */
/*
 * A test guest prints a line for each case: "case NAME: VALUE", the VALUE being what the hypervisor
 * answered. The same guest runs on Shoji and on Debian's Xen; the lines must be the same.
 */
#ifndef TESTS_GUESTS_VERDICT_H
#define TESTS_GUESTS_VERDICT_H

#include "frontends/runtime/runtime.h"

#define VERDICT(name, value) printf("case %s: %ld\n", name, (long)(value))

/* Ends the list; a guest that dies earlier is told from one that is done. */
#define VERDICTS_DONE() printf("cases done\n")

#endif
