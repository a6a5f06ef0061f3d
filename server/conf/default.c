#include "lib/base/escape.h"
#include "server/conf/conf.h"

static void element(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "    <%s>", name);
	escape_xml(out, bytes_of(value));
	buf_addf(out, "</%s>\n", name);
}

void conf_default_xml(struct buf *out, const char *source_password, const char *admin_password, const char *relay_password)
{
	buf_adds(out, "<icecast>\n"
		      "  <!-- Made at the first start. The passwords are random; the file \"passwords\" beside this one holds them too. -->\n"
		      "  <limits>\n    <clients>1000</clients>\n    <sources>16</sources>\n  </limits>\n"
		      "  <authentication>\n");
	element(out, "source-password", source_password);
	element(out, "relay-password", relay_password);
	element(out, "admin-user", "admin");
	element(out, "admin-password", admin_password);
	buf_adds(out, "  </authentication>\n"
		      "  <listen-socket>\n    <port>8000</port>\n  </listen-socket>\n"
		      "  <logging>\n    <accesslog>-</accesslog>\n    <errorlog>-</errorlog>\n    <loglevel>3</loglevel>\n  </logging>\n"
		      "</icecast>\n");
}
