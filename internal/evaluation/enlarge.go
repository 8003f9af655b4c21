package evaluation

import (
	"math"

	"deepskin"
)

// enlarge spreads a grid over a picture of width x height pixels, row by row, and blends its cells
// with the cubic spline that the heatmap blends them with: what is measured is what people see.
// Pixels outside the part that the grid is stretched over are zero.
func enlarge(grid deepskin.Grid, width, height int) []float64 {
	part := deepskin.Box{Right: 1, Bottom: 1}
	if grid.Part != nil {
		part = *grid.Part
	}
	ofColumns := blend(grid.Columns, width, part.Left, part.Right)
	ofRows := blend(grid.Rows, height, part.Top, part.Bottom)
	widened := make([]float64, grid.Rows*width)
	for row := range grid.Rows {
		for x, weights := range ofColumns {
			for column, weight := range weights {
				value := float64(grid.Values[row*grid.Columns+column])
				widened[row*width+x] += weight * min(max(value, 0), 1)
			}
		}
	}
	field := make([]float64, width*height)
	for y, weights := range ofRows {
		for row, weight := range weights {
			for x := range width {
				field[y*width+x] += weight * widened[row*width+x]
			}
		}
	}
	return field
}

// blend returns for each pixel of a line how much each cell counts there, adding up to one. The
// cells lie side by side from one share of the line to another; pixels beyond get nil.
func blend(cells, pixels int, from, to float64) [][]float64 {
	weights := make([][]float64, pixels)
	for i := range weights {
		middle := ((float64(i)+0.5)/float64(pixels) - from) / (to - from) // in the part
		if middle < 0 || middle >= 1 || from >= to {
			continue
		}
		weights[i] = make([]float64, cells)
		sum := 0.0
		for cell := range weights[i] {
			weights[i][cell] = spline(middle*float64(cells) - 0.5 - float64(cell))
			sum += weights[i][cell]
		}
		for cell := range weights[i] {
			weights[i][cell] /= sum
		}
	}
	return weights
}

// spline is the uniform cubic B-spline.
func spline(distance float64) float64 {
	switch d := math.Abs(distance); {
	case d < 1:
		return (4 - 6*d*d + 3*d*d*d) / 6
	case d < 2:
		return (2 - d) * (2 - d) * (2 - d) / 6
	default:
		return 0
	}
}
