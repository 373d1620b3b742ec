# SPDX-License-Identifier: Apache-2.0
# The results of the bench (slurped) against the goals: GOAL<tab>MEASURED<tab>BAR<tab>VERDICT lines.

def case($plan; $name): first(.[] | select(.plan == $plan and .case == $name));
def cpu($plan; $name): case($plan; $name) | .cpu_us.median;
def ratio($plan; $name; $base):
	(cpu($plan; $name)) as $of | (cpu($plan; $base)) as $to | $of / $to;
def told($name; $value): [$name, ($value * 100 | round / 100 | tostring), "-", "told"] | @tsv;
def minsn($name): case("guest (v2)"; $name) | .wall_us.median;
def wall($plan; $name): case($plan; $name) | .wall_us.median;
def goal($name; $value; $bar; $unit):
	[$name, ($value * 100 | round / 100 | tostring) + $unit, ($bar | tostring) + $unit,
	 if $value <= $bar then "reached" else "short" end] | @tsv;

(try goal("run / floor"; ratio("v2: run"; "run cruet"; "floor"); 1.35; "") catch empty),
(try goal("run + seccomp, warm cache / floor";
	ratio("v2: run"; "run+seccomp cruet"; "floor+seccomp"); 1.3; "") catch empty),
(try told("run + seccomp, cold cache / floor";
	ratio("v2: run"; "run+seccomp-cold cruet"; "floor+seccomp")) catch empty),
(try goal("exec / floor"; ratio("v2: exec"; "exec cruet"; "floor exec sleep"); 1.6; "") catch empty),
(try goal("state / payload"; ratio("v2: queries"; "state cruet"; "payload"); 1.4; "") catch empty),
(try goal("kill / payload"; ratio("v2: queries"; "kill cruet"; "payload"); 1.4; "") catch empty),
(try told("state / empty"; ratio("v2: queries"; "state cruet"; "empty")) catch empty),
(try told("kill / empty"; ratio("v2: queries"; "kill cruet"; "empty")) catch empty),
(try goal("start, without what it starts / payload";
	ratio("v2: cycle"; "start-alone cruet"; "payload"); 1.4; "") catch empty),
(try goal("delete / payload"; ratio("v2: cycle"; "delete cruet"; "payload"); 1.4; "") catch empty),
(try told("start, without what it starts / empty"; ratio("v2: cycle"; "start-alone cruet"; "empty"))
	catch empty),
(try told("delete / empty"; ratio("v2: cycle"; "delete cruet"; "empty")) catch empty),
(try goal("system calls of run"; case("system calls v2"; "run cruet").calls; 260; "") catch empty),
(try goal("system calls of exec"; case("system calls v2"; "exec cruet").calls; 110; "") catch empty),
(try goal("system calls of state"; case("system calls v2"; "state cruet").calls; 35; "") catch empty),
(try goal("page faults of run"; case("v2: run"; "run cruet").faults; 90; "") catch empty),
(try goal("peak memory of run"; case("peak memory"; "run cruet").peak_kib; 580; " KiB") catch empty),
(try goal("peak memory of run + seccomp"; case("peak memory"; "run+seccomp cruet").peak_kib; 640;
	" KiB") catch empty),
(try goal("smallest memory limit"; case("smallest memory limit"; "cruet").limit_kib; 256; " KiB")
	catch empty),
(try goal("list, a container";
	(cpu("v2: 100 containers"; "list-100 cruet") - cpu("v2: queries"; "list cruet")) / 98; 15; " us")
	catch empty),
(try goal("a read-only bind mount";
	(cpu("v2: mounts"; "mounts-100 cruet") - cpu("v2: mounts"; "mounts-10 cruet")) / 90; 14; " us")
	catch empty),
(try goal("guest: run / floor, instructions"; minsn("run cruet") / minsn("floor"); 1.5; "") catch empty),
(try goal("first process: first service"; case("init"; "cruet").service_ms; 3; " ms") catch empty),
(try goal("first process: first container"; case("init"; "cruet").container_ms; 14; " ms") catch empty),
(try goal("first process: 10 containers, anonymous";
	case("init"; "cruet, 10 containers").anonymous_kb; 100; " kB") catch empty),
(try goal("first process: a further container";
	case("init"; "further container").anonymous_kb; 4; " kB") catch empty),
(try goal("first process: other processes"; case("init"; "cruet, 10 containers").others; 1; "") catch empty),
# At 0.7 times the speed of inflate.
(try goal("unpack / inflate"; ratio("unpack"; "unpack cruet"; "inflate"); 1 / 0.7 | . * 100 | round / 100; "")
	catch empty),
(try goal("import + unpack / skopeo + umoci";
	ratio("unpack"; "import + unpack cruet"; "skopeo copy + umoci unpack"); 0.8; "") catch empty),
(try goal("the same, memory of the largest process";
	case("unpack"; "import + unpack cruet").rss_kib / case("unpack"; "skopeo copy + umoci unpack").rss_kib;
	0.05; "") catch empty),
# At 0.9 times the speed of curl -o, which verifies nothing.
(try goal("pull over http / curl -o, time";
	wall("pull"; "pull cruet, http") / wall("pull"; "curl, http"); 1 / 0.9 | . * 100 | round / 100; "")
	catch empty),
(try told("pull over https / curl -o, time";
	wall("pull"; "pull cruet, https") / wall("pull"; "curl, https")) catch empty),
(try told("memory of pull, KiB"; case("pull"; "pull cruet, https").rss_kib) catch empty)
