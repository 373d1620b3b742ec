/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/small_printf.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

enum { DIGITS_MAX = 22 }; /* of 64 bits, in octal */

struct output {
	char *next;
	size_t left;   /* bytes of room, the end's NUL not counted */
	size_t length; /* that the whole text has */
};

struct conversion {
	bool minus, zero, alternate;
	int width;
	int precision;	   /* -1: none */
	unsigned int size; /* of an integer argument, in bytes */
	char letter;
};

static void put(struct output *output, const char *text, size_t size)
{
	size_t fits = size < output->left ? size : output->left;

	if (fits)
		output->next = mempcpy(output->next, text, fits);
	output->left -= fits;
	output->length += size;
}

static void pad(struct output *output, char with, int count)
{
	for (; count > 0; count--)
		put(output, &with, 1);
}

/* A number of the format itself, or an argument (*). */
static const char *read_count(const char *format, int *count, va_list *arguments)
{
	*count = 0;
	if (*format == '*') {
		*count = va_arg(*arguments, int);
		return format + 1;
	}
	for (; *format >= '0' && *format <= '9'; format++)
		*count = *count * 10 + *format - '0';
	return format;
}

static const char *read_flags(const char *format, struct conversion *conversion)
{
	for (;; format++) {
		switch (*format) {
		case '-':
			conversion->minus = true;
			break;
		case '0':
			conversion->zero = true;
			break;
		case '#':
			conversion->alternate = true;
			break;
		default:
			return format;
		}
	}
}

static const char *read_size(const char *format, unsigned int *size)
{
	unsigned int longs = 0;

	*size = sizeof(int);
	for (;; format++) {
		/* Counted: by its size, an int is no shorter than a long where that has 32 bits. */
		if (*format == 'l')
			*size = longs++ ? sizeof(long long) : sizeof(long);
		else if (*format == 'z' || *format == 't')
			*size = sizeof(size_t);
		else if (*format == 'j')
			*size = sizeof(intmax_t);
		else
			return format;
	}
}

/* After the percent sign. */
static const char *read_conversion(const char *format, struct conversion *conversion,
				   va_list *arguments)
{
	*conversion = (struct conversion){ .precision = -1 };
	format = read_flags(format, conversion);
	format = read_count(format, &conversion->width, arguments);
	if (conversion->width < 0) {
		conversion->minus = true;
		conversion->width = -conversion->width;
	}
	if (*format == '.') {
		format = read_count(format + 1, &conversion->precision, arguments);
		if (conversion->precision < 0)
			conversion->precision = -1;
	}
	format = read_size(format, &conversion->size);
	conversion->letter = *format;
	return *format ? format + 1 : format;
}

/* The text with its sign or base in front, in the field's width. */
static void put_field(struct output *output, const struct conversion *conversion,
		      const char *prefix, int zeros, const char *text, size_t size)
{
	int rest = conversion->width - (int)strlen(prefix) - zeros - (int)size;

	if (!conversion->minus)
		pad(output, ' ', rest);
	put(output, prefix, strlen(prefix));
	pad(output, '0', zeros);
	put(output, text, size);
	if (conversion->minus)
		pad(output, ' ', rest);
}

static uint64_t read_integer(const struct conversion *conversion, va_list *arguments,
			     bool is_signed)
{
	unsigned int shift = 64 - conversion->size * CHAR_BIT;
	uint64_t value;

	if (conversion->size <= sizeof(int))
		value = va_arg(*arguments, unsigned int);
	else
		value = va_arg(*arguments, uint64_t);
	/* Cut to the argument's size, and with its sign. */
	value <<= shift;
	return is_signed ? (uint64_t)((int64_t)value >> shift) : value >> shift;
}

static void put_integer(struct output *output, const struct conversion *conversion, uint64_t value,
			const char *sign)
{
	const char *alphabet = conversion->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	bool hexadecimal = (conversion->letter | ' ') == 'x' || conversion->letter == 'p';
	unsigned int base = hexadecimal ? 16 : conversion->letter == 'o' ? 8 : 10;
	char digits[DIGITS_MAX], *first = digits + sizeof(digits);
	int length, zeros;

	if (conversion->alternate && hexadecimal && value)
		sign = conversion->letter == 'X' ? "0X" : "0x";
	for (; value; value /= base)
		*--first = alphabet[value % base];
	length = (int)(digits + sizeof(digits) - first);
	zeros = conversion->precision < 0 ? 1 - length : conversion->precision - length;
	if (conversion->alternate && base == 8 && zeros <= 0)
		zeros = 1;
	if (conversion->zero && !conversion->minus && conversion->precision < 0 &&
	    conversion->width - (int)strlen(sign) - length > zeros)
		zeros = conversion->width - (int)strlen(sign) - length;
	put_field(output, conversion, sign, zeros > 0 ? zeros : 0, first, (size_t)length);
}

static int put_conversion(struct output *output, struct conversion *conversion, va_list *arguments)
{
	const char *text;
	uint64_t value;
	char letter;

	switch (conversion->letter) {
	case '%':
		put(output, "%", 1);
		return 0;
	case 'c':
		letter = (char)va_arg(*arguments, int);
		put_field(output, conversion, "", 0, &letter, 1);
		return 0;
	case 's':
		text = va_arg(*arguments, const char *);
		if (!text)
			text = "(null)";
		put_field(output, conversion, "", 0, text,
			  conversion->precision < 0 ? strlen(text) :
						      strnlen(text, (size_t)conversion->precision));
		return 0;
	case 'd':
	case 'i':
		value = read_integer(conversion, arguments, true);
		if ((int64_t)value < 0)
			put_integer(output, conversion, -value, "-");
		else
			put_integer(output, conversion, value, "");
		return 0;
	case 'p':
		conversion->size = sizeof(void *);
		conversion->alternate = true;
		__attribute__((fallthrough));
	case 'o':
	case 'u':
	case 'x':
	case 'X':
		put_integer(output, conversion, read_integer(conversion, arguments, false), "");
		return 0;
	default:
		return -1;
	}
}

int small_vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
	struct output output = { .next = buffer, .left = size ? size - 1 : 0 };
	struct conversion conversion;
	va_list copy; /* so that its address can be handed on, whatever type it is */
	int result = 0;

	va_copy(copy, arguments);
	while (*format && result == 0) {
		size_t plain = strcspn(format, "%");

		put(&output, format, plain);
		format += plain;
		if (*format) {
			format = read_conversion(format + 1, &conversion, &copy);
			result = put_conversion(&output, &conversion, &copy);
		}
	}
	va_end(copy);
	if (size)
		*output.next = '\0';
	if (result < 0 || output.length > INT_MAX) {
		errno = result < 0 ? EINVAL : EOVERFLOW;
		return -1;
	}
	return (int)output.length;
}

int small_snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = small_vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}

#ifndef __GLIBC__
int vsnprintf(char *restrict buffer, size_t size, const char *restrict format, va_list arguments)
	__attribute__((alias("small_vsnprintf")));
int snprintf(char *restrict buffer, size_t size, const char *restrict format, ...)
	__attribute__((alias("small_snprintf")));
#endif
