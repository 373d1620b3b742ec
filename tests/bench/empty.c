/* SPDX-License-Identifier: Apache-2.0 */
/* An empty static process: what a command that only asks something cannot undercut. */
int main(void)
{
	return 0;
}
