/* usr_avp.h, pvar.h: AVPs by the name in a pseudo-variable. The types of names, flags and numbers
 * differ between versions, so they stay on this side. */

#include "core/pvar.h"
#include "core/usr_avp.h"
#include "shim.h"

/* Lists of the user part, unless the name says otherwise. */
static avp_flags_t flags_of(const struct _pv_spec *spec)
{
	return (avp_flags_t)spec->pvp.pvn.u.isname.type;
}

int ks_avp_is_constant(const struct _pv_spec *spec)
{
	if(spec->type != PVT_AVP || spec->pvp.pvn.type != PV_NAME_INTSTR || spec->trans != NULL)
		return 0;
	if(flags_of(spec) & AVP_NAME_STR)
		return spec->pvp.pvn.u.isname.name.s.len > 0;
	return spec->pvp.pvn.u.isname.name.n != 0;
}

/* 0: no such AVP, 1: a text, 2: a number */
int ks_avp_get(const struct _pv_spec *spec, str *text, long *number)
{
	avp_value_t value;
	avp_t *avp;

	memset(&value, 0, sizeof(value));
	avp = search_first_avp(flags_of(spec), spec->pvp.pvn.u.isname.name, &value, NULL);
	if(avp == NULL)
		return 0;
	if(avp->flags & AVP_VAL_STR) {
		*text = value.s;
		return 1;
	}
	*number = value.n;
	return 2;
}

int ks_avp_set_text(const struct _pv_spec *spec, const str *text)
{
	avp_value_t value;

	memset(&value, 0, sizeof(value));
	value.s = *text;
	return add_avp(flags_of(spec) | AVP_VAL_STR, spec->pvp.pvn.u.isname.name, value);
}

int ks_avp_set_number(const struct _pv_spec *spec, long number)
{
	avp_value_t value;

	memset(&value, 0, sizeof(value));
	value.n = number;
	return add_avp(flags_of(spec), spec->pvp.pvn.u.isname.name, value);
}

void ks_avp_delete(const struct _pv_spec *spec)
{
	destroy_avps(flags_of(spec), spec->pvp.pvn.u.isname.name, 1);
}
