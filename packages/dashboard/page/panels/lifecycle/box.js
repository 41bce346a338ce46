/** How large the box of a state is, in the units of the drawing. */
export const BOX_WIDTH = 138;
export const BOX_HEIGHT = 66;
