/* SPDX-License-Identifier: MIT */
/* The few HVM parameter numbers that toolstack code names; PV domains have no HVM parameters. */
#ifndef PUBLIC_HVM_PARAMS_H
#define PUBLIC_HVM_PARAMS_H

#define HVM_PARAM_CALLBACK_IRQ   0
#define HVM_PARAM_STORE_PFN      1
#define HVM_PARAM_STORE_EVTCHN   2
#define HVM_PARAM_CONSOLE_PFN    17
#define HVM_PARAM_CONSOLE_EVTCHN 18

#endif /* PUBLIC_HVM_PARAMS_H */
