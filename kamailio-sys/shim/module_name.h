/* Makes the macros of the core take the module's name from a variable. One shared object holds
 * one module, so one variable is enough. */
#ifndef KAMAILIO_SHIM_MODULE_NAME_H
#define KAMAILIO_SHIM_MODULE_NAME_H

extern const char *ks_module_name;
extern int ks_module_name_len;

#undef LOG_MNAME
#undef LOG_MNAME_LEN
#define LOG_MNAME ((char *)ks_module_name)
#define LOG_MNAME_LEN ks_module_name_len

#undef _SRC_MODULE_
#undef _SRC_LOC_
#define _SRC_MODULE_ ks_module_name
#define _SRC_LOC_ ks_module_name

#endif
