/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where users and passwords are kept: containers-auth.json(5), and docker's config.json, which has
 * the same form. A program that is named for a registry (credHelpers) goes before what stands
 * there, one for all (credsStore) comes after it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "image/registry/registry.h"
#include "image/registry/remote.h"
#include "lib/arena.h"
#include "lib/base64.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/path.h"
#include "lib/str.h"

enum { FILE_MAX = 1 << 20, PLACES_MAX = 3 };

/* The files to look into, in order; the first is the one to write. Count, or -ENOMEM. */
static int find_places(struct arena *arena, const struct image_settings *settings,
		       const char *places[PLACES_MAX])
{
	const char *named = getenv("REGISTRY_AUTH_FILE");
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
	int count = 0;

	if (!named || !*named)
		named = settings->auth;
	if (named && *named) {
		places[count++] = named;
		return count;
	}
	if (runtime && *runtime)
		places[count] = arena_printf(arena, "%s/containers/auth.json", runtime);
	else
		places[count] =
			arena_printf(arena, "/run/containers/%u/auth.json", (unsigned int)getuid());
	if (!places[count++])
		return -ENOMEM;
	if (home && *home) {
		places[count] = arena_printf(arena, "%s/.docker/config.json", home);
		if (!places[count++])
			return -ENOMEM;
	}
	return count;
}

/* *root NULL: no such file. */
static int read_file(struct arena *arena, const char *path, const cJSON **root)
{
	size_t size;
	const char *text = file_read(arena, AT_FDCWD, path, FILE_MAX, &size);

	*root = NULL;
	if (!text) {
		if (error_last()->no != ENOENT)
			return error_result();
		error_clear();
		return 0;
	}
	*root = json_parse(arena, text, size, path);
	if (!*root)
		return error_result();
	if (!cJSON_IsObject(*root))
		return fail_as(ERROR_CONFIG, EINVAL, "%s: not an object", path);
	return 0;
}

/* Old keys are addresses: "https://index.docker.io/v1/". */
static const char *bare_key(const char *key, size_t *length)
{
	if (str_has_prefix(key, "https://"))
		key += 8;
	else if (str_has_prefix(key, "http://"))
		key += 7;
	*length = strlen(key);
	if (*length > 4 && strcmp(key + *length - 4, "/v1/") == 0)
		*length -= 4;
	while (*length && key[*length - 1] == '/')
		--*length;
	return key;
}

/* How long a part of HOST/REPOSITORY the key is; 0: it does not fit. */
static size_t fits(const char *key, const char *full)
{
	size_t length;

	key = bare_key(key, &length);
	if (str_has_prefix(full, "docker.io/") && length == strlen("index.docker.io") &&
	    strncmp(key, "index.docker.io", length) == 0)
		return strlen("docker.io");
	if (!length || strncmp(full, key, length) != 0 || (full[length] && full[length] != '/'))
		return 0;
	return length;
}

static const cJSON *find_entry(const cJSON *section, const char *full)
{
	const cJSON *best = NULL, *entry;
	size_t longest = 0;

	cJSON_ArrayForEach(entry, section)
	{
		const size_t length = fits(entry->string, full);

		if (length > longest) {
			longest = length;
			best = entry;
		}
	}
	return best;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/* A string of a credential that may go into a header; NULL: none. */
static const char *text_of(const cJSON *entry, const char *name, const char *allowed)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(entry, name);
	const char *text = cJSON_IsString(node) && *node->valuestring ? node->valuestring : NULL;

	return text && allowed && text[strspn(text, allowed)] ? NULL : text;
}

/* The program of credHelpers; NULL: none. */
static const char *helper_of(const cJSON *root, const char *full)
{
	const cJSON *entry =
		find_entry(cJSON_GetObjectItemCaseSensitive(root, "credHelpers"), full);
	const char *name = cJSON_GetStringValue(entry);

	return name && *name ? name : NULL;
}

/* What one file says. */
static int look_into(struct arena *arena, const cJSON *root, const char *host, const char *full,
		     struct credentials *credentials)
{
	const char *helper = helper_of(root, full), *store = text_of(root, "credsStore", NULL);
	const cJSON *entry;
	int result;

	if (helper)
		return credential_helper_get(arena, helper, host, credentials);
	entry = find_entry(cJSON_GetObjectItemCaseSensitive(root, "auths"), full);
	credentials->basic = text_of(entry, "auth", base64_digits);
	credentials->identity_token = text_of(entry, "identitytoken", NULL);
	if (!store || credentials->basic || credentials->identity_token)
		return 0;
	result = credential_helper_get(arena, store, host, credentials);
	if (result != -ENOENT)
		return result;
	/* Of a desk whose home was copied: what everybody may have needs none. */
	log_warning("credsStore: %s", error_last()->text);
	error_clear();
	return 0;
}

int credentials_find(struct arena *arena, const struct image_settings *settings, const char *host,
		     const char *repository, struct credentials *credentials)
{
	const char *full = arena_printf(arena, "%s/%s", host, repository);
	const char *places[PLACES_MAX];
	const int count = find_places(arena, settings, places);

	memset(credentials, 0, sizeof(*credentials));
	if (!full || count < 0)
		return -ENOMEM;
	for (int i = 0; i < count; i++) {
		const cJSON *root;
		int result = read_file(arena, places[i], &root);

		if (result < 0)
			return result;
		result = look_into(arena, root, host, full, credentials);
		if (result < 0)
			return fail_context(result, "%s", places[i]);
		if (credentials->basic || credentials->identity_token)
			return 0;
	}
	return 0;
}

/* The file with the host's entry replaced, or left out (auth NULL); all else as it is. */
static char *edited(struct arena *arena, const cJSON *root, const char *host, const char *auth,
		    size_t *size)
{
	const cJSON *auths = cJSON_GetObjectItemCaseSensitive(root, "auths"), *entry;
	struct json_writer writer;
	const char *text;
	size_t length;

	json_write_start(&writer, arena, JSON_TABS);
	json_write_object(&writer, NULL);
	cJSON_ArrayForEach(entry, root)
	{
		if (entry == auths)
			continue;
		text = json_source(entry, &length);
		json_write_raw(&writer, entry->string, text, length);
	}
	json_write_object(&writer, "auths");
	cJSON_ArrayForEach(entry, auths)
	{
		if (strcmp(entry->string, host) == 0)
			continue;
		text = json_source(entry, &length);
		json_write_raw(&writer, entry->string, text, length);
	}
	if (auth) {
		json_write_object(&writer, host);
		json_write_string(&writer, "auth", auth);
		json_write_end(&writer, '}');
	}
	json_write_end(&writer, '}');
	json_write_end(&writer, '}');
	return json_write_finish(&writer, size);
}

static int write_file(struct arena *arena, const char *path, const char *text, size_t size)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash ? arena_strndup(arena, path, (size_t)(slash - path) + 1) : ".";
	auto_fd int start = -1, fd = -1;
	mode_t mask;
	int result;

	if (!folder)
		return -ENOMEM;
	start = openat(AT_FDCWD, *path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (start < 0)
		return fail(errno, "open the folder of %s", path);
	fd = path_make_directory(start, folder, 0700);
	if (fd < 0)
		return fd;
	mask = umask(077);
	result = file_replace(fd, slash ? slash + 1 : path, text, size, 0600, FILE_SYNC);
	umask(mask);
	return result;
}

static int edit(const struct image_settings *settings, const char *host, const char *user,
		const char *password)
{
	auto_arena struct arena arena = { 0 };
	const char *places[PLACES_MAX], *auth = NULL, *text;
	char *encoded;
	const cJSON *root;
	size_t size;
	int result = find_places(&arena, settings, places);

	if (result < 0)
		return result;
	result = read_file(&arena, places[0], &root);
	if (result < 0)
		return result;
	if (user && helper_of(root, host))
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
			       "%s: docker-credential-%s keeps what is for %s: store it there",
			       places[0], helper_of(root, host), host);
	if (user) {
		text = arena_printf(&arena, "%s:%s", user, password);
		encoded = text ? arena_bytes(&arena, BASE64_TEXT_SIZE(strlen(text))) : NULL;
		if (!encoded)
			return -ENOMEM;
		auth = base64_encode(text, strlen(text), encoded);
	} else if (!cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root,
										      "auths"),
						     host)) {
		return fail_as(ERROR_NOT_FOUND, ENOENT, "%s: nobody is logged in at %s", places[0],
			       host);
	}
	text = edited(&arena, root, host, auth, &size);
	return text ? write_file(&arena, places[0], text, size) : error_result();
}

int registry_logout(const struct image_settings *settings, const char *host)
{
	return edit(settings, host, NULL, NULL);
}

int registry_login(const struct image_settings *settings, const char *host, const char *user,
		   const char *password)
{
	if (!*user || strchr(user, ':'))
		return fail_as(ERROR_USAGE, EINVAL, "a user's name is not empty and has no ':'");
	return edit(settings, host, user, password);
}
