// libexpat: XML, event by event.
#pragma once
#include <expat.h>
