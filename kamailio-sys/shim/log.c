/* dprint.h: the log of the core under the name that the module has at run time. */

#include "core/dprint.h"
#include "module_name.h"

const char *ks_module_name = "core";
int ks_module_name_len = 4;

void ks_set_module_name(const char *name, int len)
{
	ks_module_name = name;
	ks_module_name_len = len;
}

int ks_log_printable(int level)
{
	return is_printable(level);
}

void ks_log(int level, const char *text, int len)
{
	LOG_FX(DEFAULT_FACILITY, level, NULL, "", NULL, "%s: %.*s\n", ks_module_name, len, text);
}
