/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "image/registry/pull.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

/* The folder's own index knows one digest for the name; what that leads to are blobs. */
static int folder_manifest(struct source *source, struct arena *arena, const char *reference,
			   struct document *document)
{
	struct descriptor descriptor = source->top;
	int result = 0;

	if (strchr(reference, ':'))
		result = digest_parse(&descriptor.digest, reference, "digest");
	if (result == 0 && !digest_equal(&descriptor.digest, &source->top.digest))
		result = store_resolve(arena, source->store, reference, &descriptor);
	if (result < 0)
		return result;
	document->text = store_blob_read(arena, source->store, &descriptor, &document->size);
	document->media_type = descriptor.media_type;
	document->digest = descriptor.digest;
	return document->text ? 0 : error_result();
}

int source_manifest(struct source *source, struct arena *arena, const char *reference,
		    struct document *document)
{
	return source->folder ? folder_manifest(source, arena, reference, document) :
				remote_manifest(&source->remote, reference, document);
}

static int folder_blob(struct source *source, const struct descriptor *descriptor,
		       const struct sink *sink)
{
	auto_fd int fd = store_blob_open(source->store, &descriptor->digest, descriptor->size);

	if (fd < 0)
		return fd;
	if (lseek(fd, (off_t)sink->offset(sink->data), SEEK_SET) < 0)
		return fail(errno, "%s: seek", source->name);
	return pump(fd, source->name, sink->add, sink->data);
}

int source_blob(struct source *source, const struct descriptor *descriptor, const struct sink *sink)
{
	return source->folder ? folder_blob(source, descriptor, sink) :
				remote_blob(&source->remote, descriptor, sink);
}

struct memory {
	char *text;
	size_t size, capacity;
};

static uint64_t memory_offset(void *data)
{
	return ((struct memory *)data)->size;
}

static int memory_restart(void *data)
{
	((struct memory *)data)->size = 0;
	return 0;
}

static int memory_add(void *data, const void *bytes, size_t size)
{
	struct memory *memory = data;

	if (size > memory->capacity - memory->size)
		return fail(EFBIG, "more bytes come than the manifest says");
	memcpy(memory->text + memory->size, bytes, size);
	memory->size += size;
	return 0;
}

char *source_read(struct source *source, struct arena *arena, const struct descriptor *descriptor)
{
	struct memory memory = { .capacity = (size_t)descriptor->size };
	const struct sink sink = { &memory, memory_offset, memory_restart, memory_add };
	char text[DIGEST_TEXT_SIZE];
	struct digest digest;

	digest_text(&descriptor->digest, text);
	if (descriptor->size > DOCUMENT_MAX_SIZE) {
		fail(EFBIG, "%s: a document of %llu bytes", text,
		     (unsigned long long)descriptor->size);
		return NULL;
	}
	memory.text = arena_bytes(arena, memory.capacity + 1);
	if (!memory.text || source_blob(source, descriptor, &sink) < 0)
		return NULL;
	digest_of(&digest, descriptor->digest.algorithm, memory.text, memory.size);
	if (memory.size != memory.capacity || !digest_equal(&digest, &descriptor->digest)) {
		fail(EBADMSG, "%s: what %s sends is something else", text, source->name);
		return NULL;
	}
	return memory.text;
}

void source_close(struct source *source)
{
	if (source->folder)
		store_close(&source->store);
	else
		remote_close(&source->remote);
}
