"""What the rooms' pages are built from: form fields, forms that carry an action's errors to their
place, paging, badges, and an admin that saves through actions.

Part of the floor: it knows the console's rows and no room.
"""
