#include "account.h"

#include <stdlib.h>

struct account *account_of(struct accounts *accounts, uid_t uid)
{
	struct account *account;

	LIST_FOREACH(account, accounts, all)
	{
		if (account->uid == uid)
			return account;
	}
	account = calloc(1, sizeof *account);
	if (!account)
		return NULL;
	account->uid = uid;
	LIST_INSERT_HEAD(accounts, account, all);
	return account;
}

void account_settle(struct account *account)
{
	if (!account || account->connections || account->requests)
		return;
	LIST_REMOVE(account, all);
	free(account);
}
